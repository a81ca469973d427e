//! The name of a modality for people (0008,0060; terms of PS3.3 §C.7.3.1.1.1).

use crate::Texts;

/// The name of a modality by its code (0008,0060); nothing for one that has none.
pub fn modality_name(code: &str, text: Texts) -> Option<&'static str> {
    Some(match code {
        "CR" | "DX" | "RG" => text.modality_cr(),
        "CT" => text.modality_ct(),
        "MR" => text.modality_mr(),
        "US" | "IVUS" => text.modality_us(),
        "MG" => text.modality_mg(),
        "PT" => text.modality_pt(),
        "NM" => text.modality_nm(),
        "XA" => text.modality_xa(),
        "RF" => text.modality_rf(),
        "IO" | "PX" => text.modality_io(),
        "BMD" => text.modality_bmd(),
        "ES" => text.modality_es(),
        "ECG" => text.modality_ecg(),
        "OP" | "OPT" | "OAM" | "OPM" => text.modality_op(),
        "SM" | "GM" => text.modality_sm(),
        "XC" => text.modality_xc(),
        "SC" | "OT" => text.modality_sc(),
        "DOC" => text.modality_doc(),
        "SR" => text.modality_sr(),
        "KO" => text.modality_ko(),
        "PR" => text.modality_pr(),
        "SEG" => text.modality_seg(),
        "REG" => text.modality_reg(),
        "RTIMAGE" | "RTDOSE" | "RTSTRUCT" | "RTPLAN" | "RTRECORD" => text.modality_rtimage(),
        _ => return None,
    })
}
