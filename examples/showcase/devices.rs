use std::time::SystemTime;

use actix_web::{
    HttpResponse, Responder,
    http::StatusCode,
    web::{Path, Redirect},
};
use sessions::{Handle, SessionErrorKind, SessionInfo};

use crate::{
    notices::Notice,
    pages::{DevicesPage, page},
    place::Place,
    refusal::Refusal,
    shop::DEVICES,
    user::User,
};

/// One of those somebody is logged in on, as the page shows it.
pub(crate) struct Device {
    pub(crate) handle: Handle,
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) since: String,
    pub(crate) seen: String,
    pub(crate) is_this: bool,
}

impl Device {
    fn new(info: &SessionInfo) -> Self {
        let agent = info.user_agent().unwrap_or_default();
        Self {
            handle: info.handle(),
            name: format!("{} on {}", browser(agent), system(agent)),
            address: info.address().unwrap_or("unknown").to_owned(),
            since: ago(info.created_at()),
            seen: ago(info.last_seen()),
            is_this: info.is_current(),
        }
    }
}

pub(crate) async fn show(mut user: User) -> Result<HttpResponse, Refusal> {
    let abilities = user.visitor.shop.abilities;
    let devices = match user.visitor.login.principal_sessions() {
        Ok(sessions) => {
            let sessions = sessions.list().await?;
            Some(sessions.iter().map(Device::new).collect())
        }
        // A store that keeps no list: the page says so.
        Err(error) if error.kind() == SessionErrorKind::NoPrincipalIndex => None,
        Err(error) => return Err(error.into()),
    };
    let show = DevicesPage {
        frame: user.visitor.frame(),
        devices,
        limit: abilities.limits.then_some(DEVICES),
        store: abilities.name,
    };
    page(StatusCode::OK, &show)
}

pub(crate) async fn end(mut user: User, handle: Path<Handle>) -> Result<impl Responder, Refusal> {
    let handle = handle.into_inner();
    if handle == user.visitor.login.handle() {
        // One's own goes with its cookie.
        user.visitor.login.destroy();
        return Ok(Redirect::to(Place::Devices.path()).see_other());
    }
    let notice = match user.visitor.login.principal_sessions() {
        // Only those of this principal are found: a handle of somebody else's ends nothing.
        Ok(sessions) if sessions.end(handle).await? => Notice::good("Logged out there."),
        Ok(_) => Notice::bad("That device was logged out already."),
        Err(error) if error.kind() == SessionErrorKind::NoPrincipalIndex => Notice::bad(NO_LIST),
        Err(error) => return Err(error.into()),
    };
    user.visitor.notices.push_notice(notice);
    Ok(Redirect::to(Place::Devices.path()).see_other())
}

pub(crate) async fn end_others(mut user: User) -> Result<impl Responder, Refusal> {
    let text = match end_elsewhere(&user).await? {
        Some(ended) => Notice::good(format!("Logged out on {ended} other device(s).")),
        None => Notice::bad(NO_LIST),
    };
    user.visitor.notices.push_notice(text);
    Ok(Redirect::to(Place::Devices.path()).see_other())
}

/// Ends the other sessions of somebody; `None` where the store keeps no list of them.
pub(crate) async fn end_elsewhere(user: &User) -> Result<Option<usize>, Refusal> {
    match user.visitor.login.principal_sessions() {
        Ok(sessions) => Ok(Some(sessions.end_others().await?)),
        Err(error) if error.kind() == SessionErrorKind::NoPrincipalIndex => Ok(None),
        Err(error) => Err(error.into()),
    }
}

const NO_LIST: &str = "The store cannot tell where else you are logged in.";

/// What a browser says it is; it may say anything.
fn browser(agent: &str) -> &'static str {
    // Most say what they are like before they say what they are.
    let known = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    find(agent, &known).unwrap_or("Another browser")
}

fn system(agent: &str) -> &'static str {
    let known = [
        ("Android", "Android"),
        ("iPhone", "an iPhone"),
        ("iPad", "an iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "a Mac"),
        ("Linux", "Linux"),
    ];
    find(agent, &known).unwrap_or("another system")
}

fn find(agent: &str, known: &[(&str, &'static str)]) -> Option<&'static str> {
    let (_, name) = known.iter().find(|(word, _)| agent.contains(word))?;
    Some(name)
}

fn ago(time: SystemTime) -> String {
    // One that is ahead by the difference of two clocks is now.
    let minutes = time.elapsed().unwrap_or_default().as_secs() / 60;
    match minutes {
        0 => "just now".to_owned(),
        1 => "a minute ago".to_owned(),
        2..120 => format!("{minutes} minutes ago"),
        120..2880 => format!("{} hours ago", minutes / 60),
        _ => format!("{} days ago", minutes / 60 / 24),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_browser_is_what_it_says_last() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";
        assert_eq!((browser(chrome), system(chrome)), ("Chrome", "Linux"));
        let edge = format!("{chrome} Edg/150.0.0.0");
        assert_eq!(browser(&edge), "Edge");
        assert_eq!(
            (browser(""), system("")),
            ("Another browser", "another system")
        );
    }

    #[test]
    fn a_time_is_told_as_people_do() {
        let ago = |seconds| ago(SystemTime::now() - Duration::from_secs(seconds));
        assert_eq!(ago(59), "just now");
        assert_eq!(ago(60), "a minute ago");
        assert_eq!(ago(7_199), "119 minutes ago");
        assert_eq!(ago(7_200), "2 hours ago");
        assert_eq!(ago(172_800), "2 days ago");
    }
}
