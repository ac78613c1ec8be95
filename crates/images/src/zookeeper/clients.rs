//! Clients: their connections, sessions, operations and four-letter words.
//!
//! Models: ZooKeeper 3.4.10 NIOServerCnxn, NIOServerCnxnFactory. Absent: sessions that are taken up again over another connection.

use cri::{Address, Payload, System};
use sim::Time;

use super::log4j::Log;
use super::server::Server;
use super::wire::{Kind, Message};

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Client {
    tag: u64,
    pub(super) address: Address,
    /// 0 without one.
    pub(super) session: u64,
    pub(super) received: u64,
    pub(super) sent: u64,
    /// The session ends with the answer that is under way.
    closes: bool,
}

/// All connections, and what was counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Clients {
    pub(super) list: Vec<Client>,
    last_tag: u64,
    last_session: u64,
    /// Threads that have served four-letter words.
    threads: u64,
    pub(super) received: u64,
    pub(super) sent: u64,
}

impl Clients {
    /// The sessions that are connected here.
    pub(super) fn sessions(&self) -> Vec<u64> {
        self.list.iter().map(|client| client.session).filter(|session| *session != 0).collect()
    }

    /// Ends all connections: nothing is served any more.
    pub(super) fn drop_all(&mut self, log: &mut Log, port: u16, system: &mut System<'_>) {
        for client in std::mem::take(&mut self.list) {
            system.net.send(port, client.address, Payload::Close);
            log.info(system.now, &place(port, "NIOServerCnxn@1008"), &closed(&client));
        }
    }

    /// An identity that no other session has: of the time and of the server.
    fn new_session(&mut self, server: u64, now: Time) -> u64 {
        let of_time = ((now.0 / 1_000) << 24) >> 8;
        self.last_session = self.last_session.max(of_time | (server << 56)) + 1;
        self.last_session
    }
}

fn place(port: u16, what: &str) -> String {
    format!("NIOServerCxn.Factory:0.0.0.0/0.0.0.0:{port}:{what}")
}

fn closed(client: &Client) -> String {
    match client.session {
        0 => format!("Closed socket connection for client /{} (no session established for client)", client.address),
        id => format!("Closed socket connection for client /{} which had sessionid 0x{id:x}", client.address),
    }
}

impl Server {
    pub(super) fn receive_from_clients(&mut self, system: &mut System<'_>) {
        let port = self.settings.client_port;
        while let Some(packet) = system.net.receive(port) {
            let from = packet.from;
            match packet.payload {
                Payload::Open => self.accept(from, system),
                Payload::Data(bytes) => match std::str::from_utf8(&bytes).ok().and_then(|text| text.get(..4)) {
                    Some(word) if self.is_word(word) => self.answer_word(word, from, system),
                    _ => self.on_client_says(from, Message::decode(&bytes), system),
                },
                Payload::Close => self.client_left(from, system),
                _ => {}
            }
        }
    }

    fn accept(&mut self, from: Address, system: &mut System<'_>) {
        let port = self.settings.client_port;
        let of_host = self.clients.list.iter().filter(|client| client.address.ip == from.ip).count();
        if self.settings.connections_max != 0 && of_host >= self.settings.connections_max {
            let text = format!("Too many connections from /{} - max is {}", from.ip, self.settings.connections_max);
            self.log.warn(system.now, &place(port, "NIOServerCnxnFactory@188"), &text);
            return system.net.send(port, from, Payload::Close);
        }
        let text = format!("Accepted socket connection from /{from}");
        self.log.info(system.now, &place(port, "NIOServerCnxnFactory@192"), &text);
        self.clients.last_tag += 1;
        let tag = self.clients.last_tag;
        self.clients.list.push(Client { tag, address: from, session: 0, received: 0, sent: 0, closes: false });
    }

    fn answer_word(&mut self, word: &str, from: Address, system: &mut System<'_>) {
        let port = self.settings.client_port;
        let text = format!("Processing {word} command from /{from}");
        self.log.info(system.now, &place(port, "NIOServerCnxn@827"), &text);
        self.count(from, 1, 0);
        let answer = self.word(word, system);
        self.count(from, 0, 1);
        system.net.send_bytes(port, from, answer.into_bytes());
        system.net.send(port, from, Payload::Close);
        let thread = format!("Thread-{}:NIOServerCnxn@1008", self.clients.threads);
        self.clients.threads += 1;
        self.forget(from, &thread, system);
    }

    fn count(&mut self, from: Address, received: u64, sent: u64) {
        self.clients.received += received;
        self.clients.sent += sent;
        if let Some(client) = self.clients.list.iter_mut().find(|client| client.address == from) {
            client.received += received;
            client.sent += sent;
        }
    }

    fn forget(&mut self, from: Address, place: &str, system: &System<'_>) {
        let Some(at) = self.clients.list.iter().position(|client| client.address == from) else { return };
        let client = self.clients.list.remove(at);
        self.log.info(system.now, place, &closed(&client));
    }

    fn client_left(&mut self, from: Address, system: &System<'_>) {
        let port = self.settings.client_port;
        self.forget(from, &place(port, "NIOServerCnxn@1008"), system);
    }

    fn on_client_says(&mut self, from: Address, message: Option<Message>, system: &mut System<'_>) {
        let Some(client) = self.clients.list.iter().find(|client| client.address == from).cloned() else { return };
        let port = self.settings.client_port;
        let Some(operation) = message.filter(|_| self.is_serving()) else {
            let text = "Exception causing close of session 0x0 due to java.io.IOException: ZooKeeperServer not running";
            self.log.warn(system.now, &place(port, "NIOServerCnxn@373"), text);
            system.net.send(port, from, Payload::Close);
            return self.client_left(from, system);
        };
        self.count(from, 1, 0);
        match operation.kind {
            Kind::Get | Kind::Exists | Kind::Children => {
                let answer = self.znodes.read(&operation);
                self.answer_client(client.tag, &answer, system);
            }
            Kind::Connect => self.begin_session(&client, operation.number(0), system),
            _ => {
                let ends = operation.kind == Kind::CloseSession;
                self.clients.list.iter_mut().filter(|its| its.tag == client.tag).for_each(|its| its.closes |= ends);
                self.submit(client.tag, client.session, &operation, system);
            }
        }
    }

    fn begin_session(&mut self, client: &Client, timeout_ms: u64, system: &mut System<'_>) {
        let port = self.settings.client_port;
        let text = format!("Client attempting to establish new session at /{}", client.address);
        self.log.info(system.now, &place(port, "ZooKeeperServer@942"), &text);
        let (least, most) = self.settings.session_ms;
        let connect = Message::new(Kind::Connect, &[timeout_ms.max(least).min(most)]);
        let session = self.clients.new_session(self.settings.id, system.now);
        self.submit(client.tag, session, &connect, system);
    }

    fn submit(&mut self, tag: u64, session: u64, operation: &Message, system: &mut System<'_>) {
        let request = Message::with(Kind::Request, &[self.settings.id, tag, session], operation.encode());
        match self.leader {
            Some(_) => self.request(request, system),
            None => self.pass_on(&request, system),
        }
    }

    /// Answers what a connection has asked for.
    pub(super) fn answer_client(&mut self, tag: u64, answer: &Message, system: &mut System<'_>) {
        let port = self.settings.client_port;
        let Some(client) = self.clients.list.iter_mut().find(|client| client.tag == tag) else { return };
        if answer.kind == Kind::Connected {
            client.session = answer.number(0);
            let (id, timeout, address) = (answer.number(0), answer.number(1), client.address);
            let text = format!("Established session 0x{id:x} with negotiated timeout {timeout} for client /{address}");
            self.log.info(system.now, &format!("CommitProcessor:{}:ZooKeeperServer@687", self.settings.id), &text);
        }
        let (address, closes) = (client.address, client.closes);
        self.count(address, 0, 1);
        system.net.send_bytes(port, address, answer.encode());
        if closes {
            system.net.send(port, address, Payload::Close);
            self.client_left(address, system);
        }
    }
}
