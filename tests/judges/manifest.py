"""The manifest says what is in the package: every entry, its length and SHA-256, the counts."""

import hashlib
import json


def judge_manifest(root, names, layout, instances, findings):
    """Judges the manifest against the entries."""
    own = "other_content/manifest.json" if layout == "reference" else "OTHER/MANIFEST.JSN"
    try:
        manifest = json.loads((root / own).read_text("utf-8"))
    except (OSError, ValueError) as error:
        findings.add("manifest", error)
        return
    entries = {entry["path"]: entry for entry in manifest["entries"]}
    findings.check("manifest", len(entries) == len(manifest["entries"]), "names an entry twice")
    for name in sorted(set(names) - {own} - set(entries)):
        findings.add("manifest", f"{name} is not named")
    for name, entry in sorted(entries.items()):
        path = root / name
        if name not in names:
            findings.add("manifest", f"{name} is not in the package")
            continue
        data = path.read_bytes()
        findings.check("manifest", entry["bytes"] == len(data), f"{name}: {entry['bytes']} bytes")
        findings.check("manifest", entry["sha256"] == hashlib.sha256(data).hexdigest(), f"{name}: SHA-256")
    named = {entry["sop_instance_uid"]: name for name, entry in entries.items() if entry.get("sop_instance_uid")}
    held = {uid: path.relative_to(root).as_posix() for uid, path in instances.items()}
    findings.check("manifest", named == held, f"names {len(named)} instances, the File-set holds {len(held)}")
