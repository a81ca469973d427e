//! Entry names: which are portable, and which would collide once unpacked (APPNOTE 4.4.17).

use std::collections::HashMap;

use crate::refused::Refused;

/// A name that fits the format and that every system can unpack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EntryName<'a> {
    text: &'a str,
    bytes: u16,
}

impl<'a> EntryName<'a> {
    /// Takes a relative path: ASCII, `/` between components, no `.` or `..`, nothing Windows
    /// forbids or strips (a last dot or space).
    ///
    /// ASCII reads the same in code page 437 and in UTF-8, so general purpose bit 11 stays clear.
    pub(crate) fn parse(path: &'a str) -> Result<Self, Refused> {
        match u16::try_from(path.len()) {
            Ok(bytes) if path.split('/').all(is_portable) => Ok(Self { text: path, bytes }),
            _ => Err(Refused::Path(path.to_owned())),
        }
    }

    pub(crate) fn as_str(self) -> &'a str {
        self.text
    }

    /// Length as the 16-bit fields of the format have it.
    pub(crate) fn bytes(self) -> u16 {
        self.bytes
    }
}

fn is_portable(component: &str) -> bool {
    let legal = |byte: u8| (b' '..=b'~').contains(&byte) && !b"\\<>:\"|?*".contains(&byte);
    !component.is_empty() && component.bytes().all(legal) && !component.ends_with(['.', ' '])
}

/// What a case-folded path already stands for.
#[derive(Debug)]
enum Taken {
    File,
    /// The folder as it was spelled first.
    Folder(Box<str>),
}

/// Every file and folder written so far, folded to lower case: Windows and macOS keep one of two
/// names that differ only in case and drop the other without a word.
#[derive(Debug, Default)]
pub(crate) struct TakenNames {
    by_folded: HashMap<Box<str>, Taken>,
}

impl TakenNames {
    /// Takes a name and its folders; on refusal nothing is taken.
    pub(crate) fn take(&mut self, name: EntryName<'_>) -> Result<(), Refused> {
        let path = name.as_str();
        let folded = path.to_ascii_lowercase();
        match self.by_folded.get(folded.as_str()) {
            None => {}
            Some(Taken::File) => return Err(Refused::Duplicate(path.to_owned())),
            Some(Taken::Folder(_)) => return Err(Refused::FolderCollision(path.to_owned())),
        }
        let mut new_folders = 0;
        for (folder, folded_folder) in folders(path).zip(folders(&folded)) {
            match self.by_folded.get(folded_folder) {
                None => new_folders += 1,
                Some(Taken::Folder(spelling)) if **spelling == *folder => {}
                Some(_) => return Err(Refused::FolderCollision(path.to_owned())),
            }
        }
        // Deepest first: as soon as one folder is known, so are all above it.
        for (folder, folded_folder) in folders(path).zip(folders(&folded)).take(new_folders) {
            self.by_folded.insert(folded_folder.into(), Taken::Folder(folder.into()));
        }
        self.by_folded.insert(folded.into(), Taken::File);
        Ok(())
    }
}

/// The folders of a path, deepest first: `a/b/c` gives `a/b`, `a`.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(path), |folder| parent(folder))
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_all(paths: &[&str]) -> Result<(), Refused> {
        let mut taken = TakenNames::default();
        paths.iter().try_for_each(|path| taken.take(EntryName::parse(path)?))
    }

    #[test]
    fn names_that_no_system_mangles_are_taken() {
        for path in ["DICOMDIR", "a/b/c.htm", "_start.exe", ".mediainfo", "a b/c-d~1", "~"] {
            assert_eq!(EntryName::parse(path).unwrap().as_str(), path);
        }
        assert!(EntryName::parse(&"x".repeat(65_535)).is_ok());
    }

    #[test]
    fn names_that_some_system_mangles_are_refused() {
        let too_long = "x".repeat(65_536);
        for path in [
            "", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\\b", "C:a", "a?", "a*", "<a>",
            "a|b", "\"a\"", "a.", "a ", "a./b", "\u{e8}", "a\nb", "a\0", "\u{7f}", &too_long,
        ] {
            assert_eq!(EntryName::parse(path).unwrap_err(), Refused::Path(path.to_owned()));
        }
    }

    #[test]
    fn names_that_would_unpack_to_one_file_are_refused() {
        let duplicate = |path: &str| Err(Refused::Duplicate(path.to_owned()));
        assert_eq!(take_all(&["a/b", "a/c", "b"]), Ok(()));
        assert_eq!(take_all(&["a/b", "a/b"]), duplicate("a/b"));
        assert_eq!(take_all(&["a/b", "a/B"]), duplicate("a/B"));
    }

    #[test]
    fn a_file_cannot_be_a_folder_nor_a_folder_have_two_spellings() {
        let collision = |path: &str| Err(Refused::FolderCollision(path.to_owned()));
        assert_eq!(take_all(&["a", "a/b"]), collision("a/b"));
        assert_eq!(take_all(&["a/b/c", "A"]), collision("A"));
        assert_eq!(take_all(&["a/b/c", "a/b"]), collision("a/b"));
        assert_eq!(take_all(&["a/b", "A/c"]), collision("A/c"));
        assert_eq!(take_all(&["a/b/c", "a/B/d"]), collision("a/B/d"));
    }

    #[test]
    fn a_refused_name_takes_nothing() {
        let mut taken = TakenNames::default();
        taken.take(EntryName::parse("x/y").unwrap()).unwrap();
        // `x/y` is a file: neither the folder below it nor its sibling spelling may stick.
        assert!(taken.take(EntryName::parse("x/y/new/deep").unwrap()).is_err());
        taken.take(EntryName::parse("x/z").unwrap()).unwrap();
        assert_eq!(taken.by_folded.len(), 3);
    }
}
