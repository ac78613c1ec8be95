//! Events are kept for an hour after their last write.

use api::core::event::Event;
use api::{Kind, ObjectMeta};
use client::Api;
use kube_apiserver::ApiServer;
use sim::{Span, Time};

const NOW: Time = Time::HEADLESS_START;

#[test]
fn an_event_goes_an_hour_after_its_last_write() {
    let mut server = ApiServer::new(1, NOW);
    for name in ["once", "again"] {
        let event = Event { metadata: ObjectMeta::new("default", name), count: 1, ..Event::default() };
        server.client("test", NOW).create(event.into()).unwrap();
    }
    let later = NOW + Span::from_seconds(1_800);
    let mut api = server.client("test", later);
    let again = api.get(Kind::Event, &api::Key::new("default", "again")).unwrap();
    let mut again = (**again.get::<Event>().unwrap()).clone();
    again.count = 2;
    api.update(again.into()).unwrap();
    let first = server.next_expiry().unwrap();
    assert!(first > NOW + Span::from_seconds(3_600) && first <= NOW + Span::from_seconds(3_660));
    server.expire(first);
    let left: Vec<_> = server.iter(Kind::Event).map(|event| event.metadata().name.clone()).collect();
    assert_eq!(left, ["again"]);
    server.expire(later + Span::from_seconds(3_660));
    assert_eq!((server.count(Kind::Event), server.next_expiry()), (0, None));
}
