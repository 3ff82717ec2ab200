//! Asks the model, and records what it was asked and what it answered.

use std::{mem, time::Duration};

use serde_json::json;
use tracer::{
    prices::PriceTable,
    record::{CaisEvent, Event, LlmAttempt, LlmCallRecord, LlmToolCall},
    trace_agent,
};

use crate::model::{Attempt, ChatModel, ChatReply, ChatRequest, ModelError, Usage};

/// One decision: the model's answer to a conversation.
#[trace_agent(name = "decide", capture_args = false, capture_result = false)]
pub(super) async fn decide(
    model: &dyn ChatModel,
    request: ChatRequest,
    prices: Option<&PriceTable>,
) -> Result<ChatReply, ModelError> {
    let before = json!({
        "messages": request.messages.len(),
        "tools": request.tools.iter().map(|tool| &tool.name).collect::<Vec<_>>(),
        "protocol": request.protocol,
    });
    let mut answer = model.complete(request).await;
    tracer::with_current_event(|event| {
        if let Event::Cais(event) = event {
            event.base.system_state_before = before;
            event.model_name = Some(model.name().to_owned());
            event.provider = Some(model.provider().to_owned());
            match &mut answer {
                Ok(reply) => note_reply(event, reply, prices),
                Err(error) => note_failure(event, model, error),
            }
        }
    });
    answer
}

/// What a call costs in USD, if that is known. No tokens cost nothing.
pub(super) fn cost(model: &str, usage: Option<Usage>, prices: Option<&PriceTable>) -> Option<f64> {
    let usage = usage?;
    if usage.total_tokens == 0 {
        return Some(0.0);
    }
    prices?.cost(model, &trace_usage(usage))
}

/// Notes a reply. The bodies go to the trace, where alone they are of use.
fn note_reply(event: &mut CaisEvent, reply: &mut ChatReply, prices: Option<&PriceTable>) {
    let usage = reply.total_usage();
    event.cost = event
        .model_name
        .as_deref()
        .and_then(|model| cost(model, usage, prices));
    event.latency_ms = Some(reply.latency.as_secs_f64() * 1e3);
    if let Some(usage) = usage {
        event.prompt_tokens = Some(usage.prompt_tokens);
        event.completion_tokens = Some(usage.completion_tokens);
        event.total_tokens = Some(usage.total_tokens);
        event.cached_tokens = usage.cached_tokens;
        event.reasoning_tokens = usage.reasoning_tokens;
    }
    event.base.system_state_after = json!({
        "protocol": reply.protocol,
        "tool_calls": reply.tool_calls,
    });
    note_notices(event, &reply.notices);
    event.llm_call_records.push(LlmCallRecord {
        model_name: reply.model.clone().or_else(|| event.model_name.clone()),
        provider: event.provider.clone(),
        request: mem::take(&mut reply.raw_request),
        response: reply.raw_response.take(),
        output_text: Some(reply.text.clone()),
        reasoning: reply.reasoning.clone(),
        tool_calls: reply
            .tool_calls
            .iter()
            .map(|call| LlmToolCall {
                id: Some(call.id.clone()),
                name: call.name.clone(),
                arguments: call.arguments.clone(),
            })
            .collect(),
        finish_reason: reply.finish_reason.clone(),
        usage: usage.map(trace_usage).unwrap_or_default(),
        latency_ms: event.latency_ms,
        failed_attempts: failed(&reply.attempts, reply.attempts.len().saturating_sub(1)),
    });
}

fn note_failure(event: &mut CaisEvent, model: &dyn ChatModel, error: &mut ModelError) {
    event
        .base
        .metadata
        .insert("fault".to_owned(), error.fault.name().into());
    note_notices(event, &error.exchange.notices);
    event.llm_call_records.push(LlmCallRecord {
        model_name: Some(model.name().to_owned()),
        provider: Some(model.provider().to_owned()),
        request: mem::take(&mut error.exchange.raw_request),
        response: error.exchange.raw_response.take(),
        usage: error.total_usage().map(trace_usage).unwrap_or_default(),
        failed_attempts: failed(&error.exchange.attempts, error.exchange.attempts.len()),
        ..LlmCallRecord::default()
    });
}

fn note_notices(event: &mut CaisEvent, notices: &[String]) {
    if !notices.is_empty() {
        event
            .base
            .metadata
            .insert("notices".to_owned(), json!(notices));
    }
}

/// The first attempts, which failed, each with the wait for the one after it.
fn failed(attempts: &[Attempt], count: usize) -> Vec<LlmAttempt> {
    let waits = attempts.iter().skip(1).map(|next| next.waited);
    let waits = waits.chain(std::iter::repeat(Duration::ZERO));
    let failed = attempts.iter().take(count).zip(waits);
    failed
        .map(|(attempt, waited)| LlmAttempt {
            error: attempt.outcome.clone(),
            status: attempt.status,
            waited_ms: waited.as_secs_f64() * 1e3,
        })
        .collect()
}

fn trace_usage(usage: Usage) -> tracer::record::Usage {
    tracer::record::Usage {
        prompt_tokens: Some(usage.prompt_tokens),
        completion_tokens: Some(usage.completion_tokens),
        total_tokens: Some(usage.total_tokens),
        cached_tokens: usage.cached_tokens,
        reasoning_tokens: usage.reasoning_tokens,
    }
}
