//! Retrieves a study over DIMSE into a folder:
//! `dimse_to_disk get|move HOST PORT CALLED CALLING STUDY FOLDER [ASSOCIATIONS [LISTEN]]`.
//!
//! What `benches/peers/retrieval.py` measures beside `getscu` and `movescu`. Unlike these it asks first
//! what the study holds.

#![expect(clippy::print_stdout, reason = "an example says what it did")]

use std::collections::HashSet;
use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Instant;

use model::SopInstanceUid;
use pacs::{
    DimsePacs, DimseSettings, Extent, InstanceSource, PacsLimits, QueryRoot, Received,
    ReceivedBody, Receiver, RetrieveMethod, ScratchFolder, StopFlag, StoreFrom, StoreScp,
    StudyKeys, StudyQuery, Taken, TimeOuts, Wanted,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [way, host, port, called, calling, study, folder, more @ ..] = arguments.as_slice() else {
        return Err("usage: dimse_to_disk get|move HOST PORT CALLED CALLING STUDY FOLDER \
                    [ASSOCIATIONS [LISTEN]]"
            .into());
    };
    fs::create_dir_all(folder)?;
    let defaults = PacsLimits::default();
    let associations = more.first().map_or(Ok(defaults.associations), |text| text.parse())?;
    let store_scp = match more.get(1) {
        Some(port) => Some(StoreScp {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, port.parse()?)),
            tls: None,
            associations: 16,
            from: StoreFrom::default(),
        }),
        None => None,
    };
    let settings = DimseSettings {
        host: host.clone(),
        port: port.parse()?,
        tls: None,
        called_ae_title: called.parse()?,
        calling_ae_title: calling.parse()?,
        retrieve: if way == "move" { RetrieveMethod::Move } else { RetrieveMethod::Get },
        root: QueryRoot::Study,
        more_keys: Vec::new(),
        limits: PacsLimits { associations, ..defaults },
        time_outs: TimeOuts::default(),
        store_scp,
        spool_folder: ScratchFolder::new(folder, 0),
    };
    let begun = Instant::now();
    let pacs = DimsePacs::new(settings, StopFlag::default());
    let found = pacs.find_studies(&StudyKeys::of_study(study.parse()?))?.found;
    let study = found.first().ok_or("no such study")?;
    let mut wanted = Vec::new();
    for (series, instances) in pacs.list_study(study)?.series {
        wanted.extend(instances.into_iter().map(|instance| Wanted {
            sop_class: instance.sop_class,
            sop_instance: instance.sop_instance,
            series: series.series.clone(),
            patient_id: Some(study.patient_id.clone()),
            transfer_syntaxes: instance.transfer_syntaxes,
        }));
    }
    let listed = begun.elapsed();
    let mut disk = Disk { folder: folder.into(), came: HashSet::new(), bytes: 0, failed: None };
    pacs.retrieve(&study.study, &wanted, Extent::Whole, &mut disk)?;
    if let Some(error) = disk.failed {
        return Err(error.into());
    }
    println!(
        "{} instances, {} bytes; listed in {:.3} s, retrieved in {:.3} s",
        disk.came.len(),
        disk.bytes,
        listed.as_secs_f64(),
        begun.elapsed().saturating_sub(listed).as_secs_f64()
    );
    Ok(())
}

/// Writes instances to files.
struct Disk {
    folder: PathBuf,
    came: HashSet<SopInstanceUid>,
    bytes: u64,
    failed: Option<io::Error>,
}

impl Receiver for Disk {
    fn receive(&mut self, received: Received) -> Taken {
        let path = self.folder.join(format!("IM{:06}", self.came.len() + 1));
        let written = match received.body {
            ReceivedBody::Memory(file) => fs::write(path, file),
            ReceivedBody::File(mut file) => {
                File::create(path).and_then(|mut target| io::copy(&mut file, &mut target).map(drop))
            }
        };
        match written {
            Ok(()) => {
                self.bytes += received.bytes;
                self.came.insert(received.sop_instance);
                Taken::Accepted
            }
            Err(error) => {
                self.failed = Some(error);
                Taken::Stop
            }
        }
    }

    fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
        !self.came.contains(sop_instance)
    }
}
