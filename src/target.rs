//! Where a package goes: standard output, or a file that appears when it is whole.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, StdoutLock, Write, stdout};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Bytes gathered before they are written.
const BUFFER_BYTES: usize = 256 << 10;

/// The sink of a package. Dropped without [`Target::keep`], it leaves no file.
#[derive(Debug)]
pub(crate) enum Target {
    /// Written as it comes; entries leave when they are whole.
    Stdout(StdoutLock<'static>),
    /// A pipe or device of this name, which must stay what it is: written as it comes.
    Special(File),
    /// Written beside its place, under another name.
    File {
        /// The temporary file.
        file: BufWriter<NamedTempFile>,
        /// Where it goes when it is whole.
        place: PathBuf,
    },
}

impl Target {
    /// Opens the target before any work is done.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Ok(Self::Stdout(stdout().lock()));
        }
        if path.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        if path.exists() && !path.is_file() {
            return File::options().write(true).open(path).map(Self::Special);
        }
        let place = destination(path)?;
        let file = tempfile::Builder::new()
            .prefix(".esito-")
            .suffix(".partial")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder_of(&place))?;
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(Self::File { file, place })
    }

    /// The file that holds the package until it is whole.
    pub(crate) fn partial(&self) -> Option<&Path> {
        match self {
            Self::Stdout(_) | Self::Special(_) => None,
            Self::File { file, .. } => Some(file.get_ref().path()),
        }
    }

    /// Ends the output: what was written is the whole package.
    ///
    /// # Errors
    /// When the last bytes cannot be written or the file cannot be put in its place.
    pub(crate) fn keep(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush(),
            Self::Special(mut file) => file.flush(),
            Self::File { file, place } => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                // Some file systems (NFS, quotas) say only now that there was no room.
                file.as_file().sync_all()?;
                let folder = folder_of(&place).to_owned();
                let _kept: File = file.persist(place).map_err(|error| error.error)?;
                // The name is on the disk with its folder. Shares of Windows cannot sync one, and say so; one that may be
                // written and not read cannot be opened.
                match File::open(folder).and_then(|folder| folder.sync_all()) {
                    Err(error) if is_left_to_the_system(&error) => Ok(()),
                    ended => ended,
                }
            }
        }
    }
}

/// Whether a folder cannot be synced here, whatever its state.
fn is_left_to_the_system(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported)
}

/// Where a path leads when all links are followed, the same for all its spellings, whether its file is there already
/// or not: a link is not what a file may take the place of.
///
/// # Errors
/// When its folder is not there, or links lead in a circle or to a file without a name.
pub(crate) fn destination(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.exists() => {
            if let Ok(next) = path.read_link() {
                return destination(&folder_of(path).join(next));
            }
            let folder = folder_of(path).canonicalize()?;
            path.file_name().map(|name| folder.join(name)).ok_or(error)
        }
        canonical => canonical,
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

impl Write for Target {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(buffer),
            Self::Special(file) => file.write(buffer),
            Self::File { file, .. } => file.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Special(file) => file.flush(),
            Self::File { file, .. } => file.flush(),
        }
    }
}
