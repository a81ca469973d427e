//! What the spool holds, and what it lets go.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn key(number: u8) -> PackageKey {
    PackageKey::from([number; 16])
}

fn settings(folder: &Path, most_bytes: u64) -> SpoolSettings {
    SpoolSettings { folder: folder.to_owned(), most_bytes, free_bytes: 0 }
}

fn put(spool: &Spool, number: u8, bytes: usize) -> io::Result<(u64, String)> {
    let mut writer = spool.write(key(number))?;
    writer.write_all(&vec![number; bytes])?;
    writer.finish()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_package_is_read_as_it_was_written_and_only_by_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("a").join("spool");
    let spool = Spool::open(settings(&place, 1 << 20)).unwrap();
    assert_eq!(fs::metadata(&place).unwrap().mode() & 0o777, 0o700);
    let mut writer = spool.write(key(1)).unwrap();
    let mut watched = writer.watch();
    let middle = vec![7; 300_000];
    for piece in [&b"PK"[..], &middle, b"end"] {
        writer.write_all(piece).unwrap();
    }
    assert!(spool.read(key(1)).unwrap().is_none(), "it is not whole");
    assert!(matches!(*watched.borrow_and_update(), Written::Bytes(bytes) if bytes >= 300_000));
    let (bytes, sha256) = writer.finish().unwrap();
    assert_eq!(*watched.borrow(), Written::Whole(bytes));
    let expected = [&b"PK"[..], &middle, b"end"].concat();
    let digest = <sha2::Sha256 as sha2::Digest>::digest(&expected);
    let digest = String::from(store::SecretHash::from(<[u8; 32]>::from(digest)));
    assert_eq!((bytes, sha256), (300_005, digest));
    let file = place.join(format!("{}.zip", key(1)));
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read(file).unwrap(), expected);
    assert_eq!(spool.read(key(1)).unwrap().unwrap().bytes(), 300_005);
    assert!(spool.remove(key(1)).unwrap() && !spool.remove(key(1)).unwrap());
    assert!(spool.read(key(1)).unwrap().is_none());
}

#[test]
fn what_is_given_up_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(settings(folder.path(), 1 << 20)).unwrap();
    let mut writer = spool.write(key(1)).unwrap();
    let watched = writer.watch();
    writer.write_all(&vec![1; 400_000]).unwrap();
    assert_eq!(names(folder.path()).len(), 2);
    drop(writer);
    assert_eq!(*watched.borrow(), Written::GivenUp);
    assert_eq!((names(folder.path()), spool.bytes()), (vec!["lock".to_owned()], 0));
}

#[test]
fn what_nobody_used_for_longest_goes_first_and_nothing_that_is_read_or_written() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(settings(folder.path(), 1000)).unwrap();
    for number in 1..=3 {
        put(&spool, number, 300).unwrap();
    }
    let first = spool.read(key(1)).unwrap().unwrap();
    put(&spool, 4, 300).unwrap();
    assert_eq!(spool.evicted(), [key(2)], "1 is read, 2 is the oldest then");
    assert_eq!(spool.evicted(), []);
    // 1 and 3 are read, 4 is not.
    let third = spool.read(key(3)).unwrap().unwrap();
    put(&spool, 5, 400).unwrap();
    assert_eq!(spool.evicted(), [key(4)]);
    let fifth = spool.read(key(5)).unwrap().unwrap();
    let full = put(&spool, 6, 1).unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    assert_eq!(spool.evicted(), []);
    drop((third, first));
    // The one being written counts, and is never evicted for another.
    let mut writing = spool.write(key(7)).unwrap();
    writing.write_all(&[7; 500]).unwrap();
    writing.flush().unwrap();
    assert_eq!(spool.evicted(), [key(1), key(3)]);
    assert_eq!(put(&spool, 8, 200).unwrap_err().kind(), io::ErrorKind::StorageFull);
    writing.finish().unwrap();
    drop(fifth);
    put(&spool, 8, 200).unwrap();
    assert_eq!((spool.evicted(), spool.bytes()), (vec![key(5)], 700));
}

#[test]
fn a_start_removes_what_was_being_written_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(settings(folder.path(), 1000)).unwrap();
    put(&spool, 1, 300).unwrap();
    put(&spool, 2, 300).unwrap();
    drop(spool);
    fs::write(folder.path().join(format!("{}.7.partial", key(3))), "half").unwrap();
    for others in ["notes.zip", "notes.partial", "0123.zip"] {
        fs::write(folder.path().join(others), "theirs").unwrap();
    }
    // The order of uses is in the times of the files.
    let old = File::open(folder.path().join(format!("{}.zip", key(2)))).unwrap();
    old.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let spool = Spool::open(settings(folder.path(), 1000)).unwrap();
    assert_eq!(fs::metadata(folder.path()).unwrap().mode() & 0o777, 0o700);
    assert_eq!(names(folder.path()).len(), 6, "{:?}", names(folder.path()));
    assert_eq!((spool.keys().len(), spool.bytes()), (2, 600));
    put(&spool, 4, 500).unwrap();
    assert_eq!(spool.evicted(), [key(2)]);
}

#[test]
fn of_two_who_write_one_package_the_last_to_begin_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(settings(folder.path(), 1 << 20)).unwrap();
    let mut first = spool.write(key(1)).unwrap();
    first.write_all(b"first").unwrap();
    let mut second = spool.write(key(1)).unwrap();
    second.write_all(b"second").unwrap();
    assert!(first.flush().is_err());
    assert!(first.finish().is_err());
    assert_eq!(second.finish().unwrap().0, 6);
    assert_eq!(fs::read(folder.path().join(format!("{}.zip", key(1)))).unwrap(), b"second");
    assert_eq!((names(folder.path()).len(), spool.bytes()), (2, 6));
}

#[test]
fn two_portals_do_not_share_a_spool() {
    let folder = tempfile::tempdir().unwrap();
    let first = Spool::open(settings(folder.path(), 1000)).unwrap();
    let second = Spool::open(settings(folder.path(), 1000)).unwrap_err();
    assert!(matches!(second, SpoolError::InUse { .. }), "{second}");
    drop(first);
    Spool::open(settings(folder.path(), 1000)).unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let told = Spool::open(settings(&file, 1000)).unwrap_err();
    assert!(told.to_string().contains("[spool]"), "{told}");
}

#[test]
fn nothing_is_begun_when_the_disk_is_nearly_full() {
    let folder = tempfile::tempdir().unwrap();
    let free_bytes = u64::MAX / 2;
    let all = SpoolSettings { free_bytes, ..settings(folder.path(), 1 << 20) };
    let spool = Spool::open(all).unwrap();
    assert_eq!(put(&spool, 1, 1).unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(names(folder.path()), ["lock"]);
}

#[test]
fn packages_go_before_a_file_without_a_name_finds_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(settings(folder.path(), 1 << 20)).unwrap();
    put(&spool, 1, 100).unwrap();
    assert!(spool.scratch().file().is_ok());
    drop(spool);
    let all = SpoolSettings { free_bytes: u64::MAX / 2, ..settings(folder.path(), 1 << 20) };
    let spool = Spool::open(all).unwrap();
    let unnamed = spool.scratch().file().unwrap_err();
    assert_eq!(unnamed.kind(), io::ErrorKind::StorageFull);
    assert_eq!((names(folder.path()), spool.evicted()), (vec!["lock".to_owned()], vec![key(1)]));
}
