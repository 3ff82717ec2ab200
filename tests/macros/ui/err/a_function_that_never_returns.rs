use tracer::trace_runtime;

#[trace_runtime]
fn serve() -> ! {
    loop {}
}

fn main() {}
