//! A folder as a source of instances: the files of the plan, one after the other.

use std::fs::File;
use std::path::PathBuf;

use model::StudyInstanceUid;
use pacs::{InstanceSource, PacsError, Received, ReceivedBody, Receiver, Taken, Wanted};

/// The files of a plan, in its order.
#[derive(Debug)]
pub(crate) struct FolderSource {
    pub(crate) paths: Vec<PathBuf>,
}

impl InstanceSource for FolderSource {
    fn retrieve(
        &self,
        _study: &StudyInstanceUid,
        wanted: &[Wanted],
        receiver: &mut dyn Receiver,
    ) -> Result<(), PacsError> {
        for (path, wanted) in self.paths.iter().zip(wanted) {
            let sop_instance = wanted.sop_instance.clone();
            let opened = File::open(path)
                .and_then(|file| file.metadata().map(|metadata| (file, metadata.len())));
            let taken = match opened {
                Ok((file, bytes)) => {
                    let body = ReceivedBody::File(file);
                    receiver.receive(Received { sop_instance, bytes, crc32: 0, body })
                }
                Err(error) => receiver.fail(sop_instance, error.to_string()),
            };
            if taken == Taken::Stop {
                return Err(PacsError::Stopped);
            }
        }
        Ok(())
    }
}
