//! What an instance without pixels is, in words (SOP Classes of PS3.4 Annex B.5).

use model::SopClassUid;

use texts::Texts;

/// The kind of an instance by its SOP Class.
pub(super) fn object_kind(sop_class: &SopClassUid, texts: Texts) -> &'static str {
    let Some(storage) = sop_class.as_str().strip_prefix("1.2.840.10008.5.1.4.1.1.") else {
        return texts.object_other();
    };
    match storage {
        "104.1" => texts.object_pdf(),
        "88.59" => texts.object_key_objects(),
        "66" => texts.object_raw_data(),
        _ => match storage.split('.').next() {
            Some("104") => texts.object_document(),
            Some("88") => texts.object_structured_report(),
            Some("11") => texts.object_presentation_state(),
            Some("9") => texts.object_waveform(),
            Some("481") => texts.object_radiotherapy(),
            _ => texts.object_other(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use texts::Language;

    #[rstest]
    #[case::encapsulated_pdf("1.2.840.10008.5.1.4.1.1.104.1", "Documento PDF")]
    #[case::encapsulated_cda("1.2.840.10008.5.1.4.1.1.104.2", "Documento")]
    #[case::basic_text_sr("1.2.840.10008.5.1.4.1.1.88.11", "Referto strutturato")]
    #[case::key_object_selection("1.2.840.10008.5.1.4.1.1.88.59", "Selezione di immagini")]
    #[case::grayscale_softcopy("1.2.840.10008.5.1.4.1.1.11.1", "Impostazioni di visualizzazione")]
    #[case::twelve_lead_ecg("1.2.840.10008.5.1.4.1.1.9.1.1", "Tracciato")]
    #[case::rt_plan("1.2.840.10008.5.1.4.1.1.481.5", "Dati di radioterapia")]
    #[case::raw_data("1.2.840.10008.5.1.4.1.1.66", "Dati grezzi")]
    #[case::registration("1.2.840.10008.5.1.4.1.1.66.1", "Oggetto DICOM")]
    #[case::private("1.3.12.2.1107.5.9.1", "Oggetto DICOM")]
    fn kinds(#[case] uid: &str, #[case] expected: &str) {
        let texts = Language::Italian.texts();
        assert_eq!(object_kind(&uid.parse().unwrap(), texts), expected);
    }
}
