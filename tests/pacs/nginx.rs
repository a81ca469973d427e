//! nginx before a DICOMweb server: TLS with certificates of both sides, bearer tokens, a token service.

use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::peer::free_port;
use crate::support::Workplace;
use crate::support::authority::{Authority, Identity, Kind};

/// The token that a good client sends.
pub const TOKEN: &str = "fixture-token-1";
/// Base64 of `esito:swordfish`, as a client shows it to the token service (RFC 6749 §2.3.1).
const CLIENT: &str = "ZXNpdG86c3dvcmRmaXNo";

/// A running nginx; dropping it ends it.
#[derive(Debug)]
pub struct Nginx {
    process: Child,
    /// Wants a certificate that the authority has signed.
    pub mutual_port: u16,
    /// Wants a bearer token.
    pub bearer_port: u16,
    /// Gives tokens.
    pub token_port: u16,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Nginx {
    /// Before a server on this port of loopback.
    pub fn start(workplace: &Workplace, authority: &Authority, port: u16) -> Self {
        let (mutual_port, bearer_port, token_port) = (free_port(), free_port(), free_port());
        let folder = workplace.beside("nginx");
        std::fs::create_dir(&folder).expect("a folder");
        let Identity { certificate, key } = authority.identity(Kind::Good);
        let (certificate, key) = (certificate.display(), key.display());
        let ca = authority.file().display().to_string();
        let place = folder.display();
        // One process, so that it ends at once.
        let text = format!(
            "daemon off; master_process off; pid {place}/pid; error_log {place}/errors;
events {{}}
http {{
    access_log off;
    client_body_temp_path {place}/a; proxy_temp_path {place}/b; fastcgi_temp_path {place}/c;
    uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    server {{
        listen 127.0.0.1:{mutual_port} ssl;
        ssl_client_certificate {ca}; ssl_verify_client on;
        location / {{ proxy_pass http://127.0.0.1:{port}; }}
    }}
    server {{
        listen 127.0.0.1:{bearer_port} ssl;
        location / {{
            if ($http_authorization != 'Bearer {TOKEN}') {{ return 401; }}
            proxy_set_header Authorization '';
            proxy_pass http://127.0.0.1:{port};
        }}
    }}
    server {{
        listen 127.0.0.1:{token_port} ssl;
        location /token {{
            default_type application/json;
            if ($request_method != POST) {{ return 405; }}
            if ($http_authorization != 'Basic {CLIENT}') {{ return 401 '{{\"error\":\"invalid_client\"}}'; }}
            return 200 '{{\"access_token\":\"{TOKEN}\",\"token_type\":\"Bearer\",\"expires_in\":300}}';
        }}
    }}
}}
"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, text).expect("the settings");
        let sbin = std::path::Path::new("/usr/sbin/nginx");
        let program = if sbin.exists() { sbin } else { std::path::Path::new("nginx") };
        let process = Command::new(program)
            .arg("-p")
            .arg(&folder)
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx starts: sh tests/judges/install installs it");
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, token_port)).is_err() {
            let said = || std::fs::read_to_string(folder.join("errors")).unwrap_or_default();
            assert!(start.elapsed() < Duration::from_mins(1), "nginx does not listen: {}", said());
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { process, mutual_port, bearer_port, token_port }
    }
}
