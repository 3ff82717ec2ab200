//! Compares the table of what hooks found with the events they found it in: a trace file
//! has both, and people ask the table.

use serde_json::{Value, json};
use tracer::record::{HookResult, SessionTrace};

use super::Difference;
use crate::rebuild::Recording;

/// The first event whose findings are others in the table, if there is one.
pub fn misfiled(
    trace: &SessionTrace,
    recording: &Recording,
    table: &[(Option<u64>, HookResult)],
) -> Option<Difference> {
    let in_events = trace.event_history.iter().flat_map(|event| {
        let findings = event.record.base().event_metadata.iter();
        findings.map(|finding| (Some(event.seq), finding))
    });
    let mut in_events = in_events.peekable();
    let mut in_table = table
        .iter()
        .map(|(seq, finding)| (*seq, finding))
        .peekable();
    while in_events.peek() == in_table.peek() {
        in_events.next()?;
        in_table.next();
    }
    let (event, row) = (in_events.next(), in_table.next());
    let first = |it: Option<(Option<u64>, &HookResult)>| it.and_then(|(seq, _)| seq);
    let seq = [first(event), first(row)].into_iter().flatten().min();
    let steps = || (recording.first_step() + 1..).zip(&recording.steps);
    let step = steps().find(|(_, step)| Some(step.seq) == seq);
    let finding = |it: Option<(Option<u64>, &HookResult)>| match it {
        Some((at, finding)) if at == seq => json!(finding),
        _ => Value::Null,
    };
    Some(Difference {
        step: step.map_or(recording.first_step(), |(number, _)| number),
        turn: step.and_then(|(_, step)| step.turn),
        field: "the table hook_results".to_owned(),
        recorded: finding(row),
        expected: finding(event),
    })
}
