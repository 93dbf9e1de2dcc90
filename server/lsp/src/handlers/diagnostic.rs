//! `textDocument/diagnostic`: the findings of an open document, for clients that pull.

use crate::publish;
use crate::state::State;
use tower_lsp::gen_lsp_types::{
    DocumentDiagnosticParams, DocumentDiagnosticReport, FullDocumentDiagnosticReport,
    RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport,
};

pub(super) fn handle(
    state: &mut State,
    params: &DocumentDiagnosticParams,
) -> DocumentDiagnosticReport {
    let (items, result_id) = publish::pulled(state, &params.text_document.uri.0);
    if params.previous_result_id.as_deref() == Some(&result_id) {
        return DocumentDiagnosticReport::RelatedUnchangedDocumentDiagnosticReport(
            RelatedUnchangedDocumentDiagnosticReport {
                related_documents: None,
                unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport {
                    result_id,
                },
            },
        );
    }
    DocumentDiagnosticReport::RelatedFullDocumentDiagnosticReport(
        RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport {
                result_id: Some(result_id),
                items,
            },
        },
    )
}
