//! What decorated asynchronous functions leave behind: finished, dropped and
//! panicking.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

use serde_json::json;
use tracer::{trace_agent, trace_env};

use crate::macros::Refused;
use crate::support::{events, session, states};

#[async_trait::async_trait]
trait Model: Send + Sync {
    async fn complete(&self, prompt: &str) -> Result<String, Refused>;
}

struct Echo {
    system: String,
}

#[async_trait::async_trait]
impl Model for Echo {
    #[trace_agent(system_id = self.system.as_str(), state_before = |it| it.system.len())]
    async fn complete(&self, prompt: &str) -> Result<String, Refused> {
        tokio::task::yield_now().await;
        if prompt.is_empty() {
            return Err(Refused("empty"));
        }
        Ok(prompt.to_uppercase())
    }
}

#[tokio::test]
async fn boxed_futures_are_traced_until_they_are_ready() {
    #[trace_env]
    fn by_hand(n: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> {
        Box::pin(async move { n + 1 })
    }
    #[trace_env]
    fn by_impl(n: &u8) -> impl Future<Output = u8> + Send {
        let n = *n;
        async move { n + 2 }
    }
    let session = session();
    let work = async {
        let echo: Box<dyn Model> = Box::new(Echo {
            system: "echo".into(),
        });
        assert_eq!(echo.complete("hi").await.unwrap(), "HI");
        assert!(echo.complete("").await.is_err());
        assert_eq!(by_hand(1).await, 2);
        assert_eq!(by_impl(&1).await, 3);
    };
    session.instrument(work).await;
    assert_eq!(
        states(&session),
        [
            json!([{"args": {"prompt": "hi"}, "state": 4}, {"result": "HI"}]),
            json!([
                {"args": {"prompt": ""}, "state": 4},
                {"error": {"type": "Refused", "message": "refused: empty"}}
            ]),
            json!([{"args": {"n": 1}}, {"result": 2}]),
            json!([{"args": {"n": 1}}, {"result": 3}]),
        ]
    );
    assert_eq!(events(&session)[0].base().system_instance_id, "echo");
}

#[trace_agent]
async fn wait_forever(turn: u64) -> u64 {
    std::future::pending::<()>().await;
    turn
}

#[test]
fn a_cancelled_future_leaves_an_event() {
    let session = session();
    let mut waiting = Box::pin(session.instrument(wait_forever(4)));
    assert!(
        waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    assert!(events(&session).is_empty());
    drop(waiting);
    assert_eq!(
        states(&session),
        [json!([
            {"args": {"turn": 4}},
            {"error": {
                "type": "cancelled",
                "message": "the future was dropped before it was finished"
            }}
        ])]
    );
}

#[test]
fn a_future_that_never_ran_leaves_nothing() {
    let session = session();
    drop(session.instrument(wait_forever(4)));
    assert!(events(&session).is_empty());
}

#[tokio::test]
async fn a_panic_in_an_async_function_leaves_an_event() {
    #[trace_agent]
    async fn explode() {
        tokio::task::yield_now().await;
        panic!("in the middle");
    }
    let session = session();
    let task = tokio::spawn(session.instrument(explode()));
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(
        states(&session),
        [json!([{"args": {}}, {"error": {"type": "panic", "message": "in the middle"}}])]
    );
}
