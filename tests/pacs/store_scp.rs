//! The port of the Store SCP, which all retrievals by C-MOVE share.

use std::collections::{BTreeMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use engine::SopInstanceUid;
use engine::pacs::{
    DimsePacs, DimseSettings, Extent, InstanceSource as _, PacsError, PacsLimits, QueryRoot,
    Received, Receiver, RetrieveMethod, ScratchFolder, StopFlag, StoreFrom, StoreScp, Taken,
    TimeOuts, Wanted,
};
use fixtures::{Holding, Summary, dimse};

use crate::peer::{CALLED, CALLING, free_port};
use crate::scripted::Scripted;

/// A PACS that thinks about each instance, and what is known of it.
fn start(scripted: &Scripted) -> (dimse::DimsePacs, DimseSettings) {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
    let settings = dimse::DimseSettings {
        ae_title: CALLED.to_owned(),
        destinations: BTreeMap::from([(CALLING.to_owned(), listen.to_string())]),
        pause: Duration::from_millis(10),
        ..dimse::DimseSettings::default()
    };
    let holding = Arc::new(Holding::read(&scripted.workplace.source()).expect("the files"));
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let pacs = dimse::DimsePacs::start(anywhere, holding, settings).expect("a port");
    let settings = DimseSettings {
        host: "127.0.0.1".to_owned(),
        port: pacs.address().port(),
        tls: None,
        called_ae_title: CALLED.parse().expect("an AE title"),
        calling_ae_title: CALLING.parse().expect("an AE title"),
        retrieve: RetrieveMethod::Move,
        root: QueryRoot::Study,
        more_keys: Vec::new(),
        limits: PacsLimits::default(),
        time_outs: TimeOuts::default(),
        store_scp: Some(StoreScp {
            listen,
            tls: None,
            associations: 4,
            from: StoreFrom::default(),
        }),
        spool_folder: ScratchFolder::of_system(),
    };
    (pacs, settings)
}

fn wanted(study: &Summary) -> Vec<Wanted> {
    let wanted = study.instances.iter().map(|instance| Wanted {
        sop_class: None,
        sop_instance: instance.sop_instance_uid.parse().expect("a UID"),
        series: instance.series_uid.parse().expect("a UID"),
        patient_id: None,
        transfer_syntaxes: Vec::new(),
    });
    wanted.collect()
}

/// Remembers what came.
#[derive(Default)]
struct Came(HashSet<SopInstanceUid>);

impl Receiver for Came {
    fn receive(&mut self, received: Received) -> Taken {
        self.0.insert(received.sop_instance);
        Taken::Accepted
    }

    fn is_missing(&self, sop_instance: &SopInstanceUid) -> bool {
        !self.0.contains(sop_instance)
    }
}

/// Retrieves a study, and sees that all of it comes and nothing else.
fn retrieve(settings: &DimseSettings, study: &Summary) -> Result<(), PacsError> {
    let pacs = DimsePacs::new(settings.clone(), StopFlag::default());
    let (uid, wanted) = (study.study_uids()[0].parse().expect("a UID"), wanted(study));
    let mut came = Came::default();
    pacs.retrieve(&uid, &wanted, Extent::Whole, &mut came)?;
    let expected: HashSet<_> = wanted.into_iter().map(|wanted| wanted.sop_instance).collect();
    assert_eq!(came.0, expected);
    Ok(())
}

#[test]
fn two_retrievals_at_a_time_take_turns_and_each_gets_its_own() {
    let scripted = Scripted::new();
    let (_pacs, settings) = start(&scripted);
    thread::scope(|threads| {
        let first = threads.spawn(|| retrieve(&settings, &scripted.study));
        let second = threads.spawn(|| retrieve(&settings, &scripted.other));
        first.join().expect("all of the first").expect("retrieved");
        second.join().expect("all of the second").expect("retrieved");
    });
}
