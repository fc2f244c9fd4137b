use std::error::Error;

use actix_web::{
    body::MessageBody,
    dev::{Service, ServiceResponse},
    http::header::{COOKIE, SET_COOKIE},
    test::TestRequest,
};

use crate::visitor::Application;

/// An actix-web application without a server around it.
pub(crate) struct ActixService<S>(pub(crate) S);

impl<S, B> Application for ActixService<S>
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    type Request = actix_http::Request;
    type Answer = ServiceResponse<B>;

    fn request(&self, path: &str, cookies: &str) -> Result<Self::Request, Box<dyn Error>> {
        let request = TestRequest::get().uri(path);
        if cookies.is_empty() {
            return Ok(request.to_request());
        }
        Ok(request.insert_header((COOKIE, cookies)).to_request())
    }

    async fn answer(&self, request: Self::Request) -> Result<Self::Answer, Box<dyn Error>> {
        Ok(self.0.call(request).await?)
    }

    fn set_cookies(answer: &Self::Answer) -> Result<Vec<String>, Box<dyn Error>> {
        if !answer.status().is_success() {
            return Err(format!("{}: {}", answer.request().path(), answer.status()).into());
        }
        let lines = answer.headers().get_all(SET_COOKIE);
        lines.map(|line| Ok(line.to_str()?.to_owned())).collect()
    }
}
