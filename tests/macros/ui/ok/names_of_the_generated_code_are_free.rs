use tracer::{Called, trace_agent};

fn size(called: &Called<'_>) -> usize {
    called.args.to_string().len()
}

#[trace_agent(metadata = size, err)]
fn decide(__call: u8, __result: u8, __value: u8, __error: u8) -> Result<u8, String> {
    Ok(__call + __result + __value + __error)
}

#[trace_agent(result_filter = |__value: &u8| *__value)]
async fn later(__call: u8, __result: u8) -> u8 {
    __call + __result
}

fn main() {
    assert_eq!(decide(1, 2, 3, 4), Ok(10));
    drop(later(1, 2));
}
