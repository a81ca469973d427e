//! WADO-RS (PS3.18 §10.4): a study, series or instance as DICOM files, handed on one by one.

use std::fmt;

use model::{SeriesInstanceUid, SopInstanceUid, StudyInstanceUid};
use ureq::BodyReader;

use super::client::{Answer, DicomWeb};
use super::error::DicomWebError;
use super::instance_body::{Gatherer, InstanceBody, PartFault, shown};
use super::multipart::{MediaType, Multipart, MultipartError, PartHead};
use super::service_url::escaped;
use super::steady::Steady;

/// Every file in the transfer syntax that the server keeps (PS3.18 §8.7.3.5.2).
const AS_STORED: &str = r#"multipart/related; type="application/dicom"; transfer-syntax=*"#;
/// For servers that do not know the parameter: they choose.
const PLAIN: &str = r#"multipart/related; type="application/dicom""#;

/// What is retrieved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What<'a> {
    /// A study.
    Study(&'a StudyInstanceUid),
    /// A series.
    Series(&'a StudyInstanceUid, &'a SeriesInstanceUid),
    /// An instance.
    Instance(&'a StudyInstanceUid, &'a SeriesInstanceUid, &'a SopInstanceUid),
}

impl What<'_> {
    fn path(self) -> String {
        let mut path = String::new();
        let mut step = |name: &str, uid: &str| {
            path.push_str(name);
            path.push_str(&escaped(uid));
        };
        match self {
            Self::Study(study) => step("/studies/", study.as_str()),
            Self::Series(study, series) => {
                step("/studies/", study.as_str());
                step("/series/", series.as_str());
            }
            Self::Instance(study, series, instance) => {
                step("/studies/", study.as_str());
                step("/series/", series.as_str());
                step("/instances/", instance.as_str());
            }
        }
        path
    }
}

/// What a part was.
#[derive(Debug)]
pub enum Delivered {
    /// A DICOM file as the server sent it.
    Instance(InstanceBody),
    /// Nothing that we take.
    Refused(PartFault),
}

/// An answer that is read part by part; what is not asked for is not read from the socket.
pub struct Retrieval<'a> {
    server: &'a DicomWeb,
    parts: Parts,
}

enum Parts {
    /// A message of many parts, with the head of the next one.
    Many(Box<Multipart<Steady<BodyReader<'static>>>>, Option<PartHead>),
    /// One file without multipart around it, until it is taken.
    Single(Option<Steady<BodyReader<'static>>>),
}

impl fmt::Debug for Retrieval<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Retrieval").field("server", &self.server).finish_non_exhaustive()
    }
}

impl DicomWeb {
    /// Begins a retrieval.
    ///
    /// # Errors
    /// [`DicomWebError`]: no connection, a status that is none of success, or something else than
    /// DICOM.
    pub fn retrieve(&self, what: What<'_>) -> Result<Retrieval<'_>, DicomWebError> {
        let limit_bytes = self.settings().limits.study_bytes;
        let base = self.settings().retrieval();
        let path = what.path();
        let Answer { content_type, body, .. } = match self.get(base, &path, AS_STORED, limit_bytes)
        {
            Err(
                DicomWebError::NotAcceptable { .. } | DicomWebError::Status { status: 400, .. },
            ) => self.get(base, &path, PLAIN, limit_bytes)?,
            other => other?,
        };
        let media_type = MediaType::parse(&content_type);
        let parts = match media_type.essence.as_str() {
            "multipart/related" | "multipart/mixed" => {
                let read = Multipart::new(body, media_type.parameter("boundary"));
                let mut multipart = read.map_err(|error| self.multipart_fault(error))?;
                let first = multipart.first_part().map_err(|error| self.multipart_fault(error))?;
                Parts::Many(Box::new(multipart), first)
            }
            "application/dicom" => Parts::Single(Some(body)),
            other => {
                return Err(DicomWebError::WrongContent {
                    host: self.settings().retrieval().host().to_owned(),
                    content_type: shown(other),
                    expected: "DICOM files",
                });
            }
        };
        Ok(Retrieval { server: self, parts })
    }

    fn multipart_fault(&self, error: MultipartError) -> DicomWebError {
        let host = self.settings().retrieval().host().to_owned();
        let limit_bytes = self.settings().limits.study_bytes;
        match error {
            MultipartError::Taker(error) => DicomWebError::Spool(error),
            MultipartError::Truncated(reason) => DicomWebError::Truncated { host, reason },
            MultipartError::Malformed(reason) => {
                DicomWebError::Multipart { host, reason: reason.to_owned() }
            }
            MultipartError::Body(error) => self.body_fault(
                self.settings().retrieval(),
                error,
                limit_bytes,
                "in one retrieval",
                "limits.study_mib",
            ),
        }
    }
}

impl Retrieval<'_> {
    /// The next part; `None` when the server has said that it was the last.
    ///
    /// # Errors
    /// [`DicomWebError`]: no more parts come. Those before are good.
    pub fn next_part(&mut self) -> Result<Option<Delivered>, DicomWebError> {
        let settings = self.server.settings();
        let limits = settings.limits;
        let mut gatherer =
            Gatherer::new(limits.in_memory_bytes, limits.instance_bytes, &settings.spool_folder);
        let content_type = match &mut self.parts {
            Parts::Many(multipart, head) => {
                let Some(this) = head.take() else { return Ok(None) };
                gatherer.expect(this.length);
                *head = multipart
                    .read_part(&mut |bytes| gatherer.take(bytes))
                    .map_err(|error| self.server.multipart_fault(error))?;
                this.content_type
            }
            Parts::Single(body) => {
                let Some(body) = body.take() else { return Ok(None) };
                self.server.gather_single(body, &mut gatherer)?;
                "application/dicom".to_owned()
            }
        };
        let finished = gatherer.finish(&content_type).map_err(DicomWebError::Spool)?;
        Ok(Some(match finished {
            Ok(body) => Delivered::Instance(body),
            Err(fault) => Delivered::Refused(fault),
        }))
    }
}

impl DicomWeb {
    fn gather_single(
        &self,
        mut body: Steady<BodyReader<'static>>,
        gatherer: &mut Gatherer<'_>,
    ) -> Result<(), DicomWebError> {
        use std::io::Read as _;
        let limit_bytes = self.settings().limits.study_bytes;
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = body.read(&mut buffer).map_err(|error| {
                self.body_fault(
                    self.settings().retrieval(),
                    error,
                    limit_bytes,
                    "in one retrieval",
                    "limits.study_mib",
                )
            })?;
            match buffer.get(..read) {
                None | Some([]) => return Ok(()),
                Some(bytes) => gatherer.take(bytes).map_err(DicomWebError::Spool)?,
            }
        }
    }
}
