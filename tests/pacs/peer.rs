//! Other people's PACS, for as long as a test lasts, filled from a folder by their own tools.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::authority::{Authority, Identity, Kind};
use crate::support::{Workplace, files_below, run};

/// What the peers call themselves, and us.
pub const CALLED: &str = "PEER";
pub const CALLING: &str = "ESITO";

/// A PACS that is not ours.
#[derive(Debug)]
pub struct Peer {
    process: Child,
    /// Its DICOM port.
    pub port: u16,
    /// The port that C-MOVE sends to.
    pub store_port: u16,
    /// Its HTTP port, 0 without one.
    pub http_port: u16,
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A port that nobody has just now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

impl Peer {
    /// Orthanc with an empty store in a folder of the workplace.
    pub fn orthanc(workplace: &Workplace) -> Self {
        Self::orthanc_with(workplace, &serde_json::json!({}))
    }

    /// Orthanc that also speaks DICOMweb, to user `esito` with password `swordfish`.
    pub fn orthanc_with_dicomweb(workplace: &Workplace) -> Self {
        let more = serde_json::json!({
            "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"],
            "AuthenticationEnabled": true, "RegisteredUsers": {"esito": "swordfish"},
        });
        Self::orthanc_with(workplace, &more)
    }

    /// Orthanc that also speaks DICOMweb, to anybody.
    pub fn orthanc_with_open_dicomweb(workplace: &Workplace) -> Self {
        let plugins = ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"];
        Self::orthanc_with(workplace, &serde_json::json!({ "Plugins": plugins }))
    }

    /// Orthanc that speaks TLS only, and wants certificates of this authority.
    pub fn orthanc_with_tls(workplace: &Workplace, authority: &Authority) -> Self {
        let Identity { certificate, key } = authority.identity(Kind::Good);
        let more = serde_json::json!({
            "DicomTlsEnabled": true, "DicomTlsRemoteCertificateRequired": true,
            "DicomTlsCertificate": certificate, "DicomTlsPrivateKey": key,
            "DicomTlsTrustedCertificates": authority.file(),
        });
        Self::orthanc_with(workplace, &more)
    }

    fn orthanc_with(workplace: &Workplace, more: &serde_json::Value) -> Self {
        let (port, http_port, store_port) = (free_port(), free_port(), free_port());
        let folder = workplace.beside("orthanc");
        std::fs::create_dir(&folder).expect("a folder");
        let secure = more.get("DicomTlsEnabled").is_some();
        let mut settings = serde_json::json!({
            "Name": "ESITO-TEST", "StorageDirectory": folder, "IndexDirectory": folder,
            "HttpPort": http_port, "DicomPort": port, "DicomAet": CALLED,
            "DicomCheckCalledAet": true, "RemoteAccessAllowed": false,
            "AuthenticationEnabled": false, "Plugins": [], "DicomAlwaysAllowStore": true,
            "DicomModalities": {"esito": {"AET": CALLING, "Host": "127.0.0.1", "Port": store_port,
                "AllowGet": true, "AllowMove": true, "AllowFind": true, "AllowEcho": true,
                "UseDicomTls": secure}},
        });
        for (key, value) in more.as_object().expect("an object") {
            settings[key] = value.clone();
        }
        let file = folder.join("orthanc.json");
        std::fs::write(&file, settings.to_string()).expect("the settings");
        let program =
            if Path::new("/usr/sbin/Orthanc").exists() { "/usr/sbin/Orthanc" } else { "Orthanc" };
        let mut orthanc = Self::start(Command::new(program).arg(file), port, store_port);
        orthanc.http_port = http_port;
        orthanc
    }

    /// DCMTK's storescp in TLS, which answers C-ECHO. `more` are options of it.
    pub fn storescp(authority: &Authority, identity: &Identity, more: &[&str]) -> Self {
        let port = free_port();
        let mut command = Command::new("storescp");
        command.arg("--ignore").arg("+tls").arg(&identity.key).arg(&identity.certificate);
        command.arg("+cf").arg(authority.file()).args(more).arg(port.to_string());
        Self::start(&mut command, port, free_port())
    }

    /// dcmqrscp with an empty store in a folder of the workplace.
    /// `more` are options of it.
    pub fn dcmqrscp(workplace: &Workplace, more: &[&str]) -> Self {
        let (port, store_port) = (free_port(), free_port());
        let folder = workplace.beside("dcmqrscp");
        std::fs::create_dir(&folder).expect("a folder");
        let settings = format!(
            "NetworkTCPPort = {port}\nMaxPDUSize = 131072\nMaxAssociations = 16\n\
             HostTable BEGIN\nesito = ({CALLING}, 127.0.0.1, {store_port})\nHostTable END\n\
             VendorTable BEGIN\nVendorTable END\n\
             AETable BEGIN\n{CALLED} {} RW (200, 1024mb) ANY\nAETable END\n",
            folder.display()
        );
        let file = folder.join("dcmqrscp.cfg");
        std::fs::write(&file, settings).expect("the settings");
        let mut command = Command::new("dcmqrscp");
        command.env("TCP_NODELAY", "1").args(more).arg("-c").arg(file);
        Self::start(&mut command, port, store_port)
    }

    fn start(command: &mut Command, port: u16, store_port: u16) -> Self {
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the PACS starts: sh tests/judges/install installs it");
        let mut peer = Self { process, port, store_port, http_port: 0 };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let waiting = start.elapsed() < Duration::from_mins(1);
            assert!(waiting && peer.is_running(), "the PACS does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        peer
    }

    fn is_running(&mut self) -> bool {
        self.process.try_wait().expect("its state").is_none()
    }

    /// Sends all files of a folder to it, each as it is encoded where the peer takes it so.
    pub fn fill(&self, folder: &Path) {
        let sent = run::program("dcmsend")
            .args(["--no-halt", "-aet", "FILLER", "-aec", CALLED, "127.0.0.1"])
            .arg(self.port.to_string())
            .args(files_below(folder))
            .finish();
        assert_eq!(sent.code, Some(0), "dcmsend: {}", sent.stderr);
    }

    /// A configuration for it. `more` stands in its section.
    pub fn configuration(&self, workplace: &Workplace, more: &str) -> PathBuf {
        configuration(workplace, self.port, self.store_port, more)
    }
}

/// A configuration for a PACS called `peer`.
pub fn configuration(workplace: &Workplace, port: u16, store_port: u16, more: &str) -> PathBuf {
    let file = workplace.beside("esito.toml");
    let text = format!(
        "[store_scp]\nlisten = \"127.0.0.1:{store_port}\"\n[[pacs]]\nname = \"peer\"\n\
         host = \"127.0.0.1\"\nport = {port}\ncalled_ae_title = \"{CALLED}\"\n\
         calling_ae_title = \"{CALLING}\"\n{more}\n"
    );
    std::fs::write(&file, text).expect("the configuration");
    file
}
