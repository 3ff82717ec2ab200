use tracer::trace_runtime;

#[trace_runtime]
fn serve() -> ! {
    loop {}
}

#[trace_runtime]
async fn serve_later() -> ! {
    loop {}
}

fn main() {}
