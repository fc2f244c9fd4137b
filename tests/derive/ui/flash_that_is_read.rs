use sessions::Session;

#[derive(sessions::SessionData)]
struct Page {
    #[session(flash)]
    notices: Vec<String>,
}

async fn page(page: Session<Page>) {
    page.notices();
}

fn main() {}
