"""The manifest says what is in the package: every entry, its length and SHA-256, the counts."""

import hashlib
import json


PATHS = {"reference": "other_content/manifest.json", "pdi": "OTHER/MANIFEST.JSN"}


def read_manifest(root, layout, findings):
    """The manifest, or None."""
    try:
        return json.loads((root / PATHS[layout]).read_text("utf-8"))
    except (OSError, ValueError) as error:
        findings.add("manifest", error)
        return None


def judge_manifest(root, names, layout, manifest, instances, previews, findings):
    """Judges the manifest against the entries."""
    own = PATHS[layout]
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
    counts = manifest["counts"]
    findings.check("manifest", counts["received"] == len(held), f"counts {counts} for {len(held)} instances")
    findings.check("manifest", counts["rendered"] == previews, f"counts {counts} for {previews} previews")
    lost = [n for n in manifest["notices"] if n["kind"] in ("missing", "study_missing", "refused")
            or (n["kind"] == "duplicate" and not n["identical"])]
    findings.check("manifest", manifest["complete"] == (not lost), f"complete, but {len(lost)} are lost")
    findings.check("manifest", counts["expected"] >= counts["received"], f"counts {counts}")
