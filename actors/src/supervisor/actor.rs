//! The actor of the supervisor: one child per database, restarted with growing waits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};

use super::Directory;
use crate::collect::Backoff;
use crate::model::{DatabaseId, Target};
use crate::monitor::{Arguments, Dependencies, FleetSettings, Message as MonitorMessage, Monitor};

pub(super) enum Message {
    /// Start watching a database, or apply a changed registration.
    Watch(Box<Target>),
    /// Stop watching a database.
    Unwatch(DatabaseId),
    /// Replace the settings for all databases.
    SetFleetSettings(Box<FleetSettings>),
    /// Internal: the wait after a failure is over.
    Respawn(DatabaseId),
    /// Stop every monitor, then answer.
    Shutdown(RpcReplyPort<()>),
}

pub(super) struct SupervisorActor;

pub(super) struct State {
    dependencies: Dependencies,
    directory: Directory,
    children: BTreeMap<DatabaseId, Child>,
}

struct Child {
    target: Target,
    /// `None` while waiting for a restart.
    actor: Option<ActorRef<MonitorMessage>>,
    started: Instant,
    backoff: Backoff,
}

/// After running this long, the next failure of a monitor counts as its first.
const STABLE_AFTER: Duration = Duration::from_secs(600);

#[async_trait]
impl Actor for SupervisorActor {
    type Msg = Message;
    type State = State;
    type Arguments = (Dependencies, Directory);

    async fn pre_start(
        &self,
        _: ActorRef<Message>,
        (dependencies, directory): (Dependencies, Directory),
    ) -> Result<State, ActorProcessingErr> {
        Ok(State { dependencies, directory, children: BTreeMap::new() })
    }

    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Watch(target) => state.watch(&myself, *target).await,
            Message::Unwatch(id) => state.unwatch(id),
            Message::SetFleetSettings(settings) => state.set_fleet_settings(*settings),
            Message::Respawn(id) => state.spawn(&myself, id).await,
            Message::Shutdown(reply) => {
                state.children.clear();
                myself.stop_children_and_wait(None, Some(Duration::from_secs(3))).await;
                // fails only when the caller stopped waiting
                let _ = reply.send(());
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Message>,
        event: SupervisionEvent,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorFailed(cell, error) => {
                state.restart_later(&myself, &cell, &error.to_string())
            }
            SupervisionEvent::ActorTerminated(cell, _, reason) => {
                state.restart_later(&myself, &cell, reason.as_deref().unwrap_or("it stopped"));
            }
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
        }
        Ok(())
    }
}

impl State {
    async fn watch(&mut self, myself: &ActorRef<Message>, target: Target) {
        let id = target.id;
        if let Some(child) = self.children.get_mut(&id) {
            child.target = target.clone();
            if let Some(actor) = &child.actor {
                // a monitor that just failed is restarted with the new target
                let _ = actor.cast(MonitorMessage::Reconfigure(Box::new(target)));
            }
            return;
        }
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(300));
        self.children.insert(id, Child { target, actor: None, started: Instant::now(), backoff });
        self.spawn(myself, id).await;
    }

    /// Starts the monitor of `id`, which does no I/O to start.
    async fn spawn(&mut self, myself: &ActorRef<Message>, id: DatabaseId) {
        let Some(child) = self.children.get_mut(&id).filter(|child| child.actor.is_none()) else { return };
        let shared = self.directory.get_or_create(id);
        let arguments = Arguments {
            target: child.target.clone(),
            dependencies: self.dependencies.clone(),
            shared: shared.clone(),
        };
        match Actor::spawn_linked(None, Monitor, arguments, myself.get_cell()).await {
            Ok((actor, _)) => {
                shared.set_actor(Some(actor.clone()));
                child.actor = Some(actor);
                child.started = Instant::now();
            }
            Err(error) => {
                let wait = child.backoff.failed();
                tracing::error!(db.id = %id, %error, wait_ms = wait.as_millis(), "cannot start a monitor; retrying");
                myself.send_after(wait, move || Message::Respawn(id));
            }
        }
    }

    fn set_fleet_settings(&mut self, settings: FleetSettings) {
        self.dependencies.fleet.replace(settings);
        for actor in self.children.values().filter_map(|child| child.actor.as_ref()) {
            // a monitor that just failed is restarted with the new settings
            let _ = actor.cast(MonitorMessage::FleetSettingsChanged);
        }
    }

    fn unwatch(&mut self, id: DatabaseId) {
        if let Some(actor) = self.children.remove(&id).and_then(|child| child.actor) {
            actor.stop(None);
        }
        self.directory.remove(id);
    }

    /// Schedules the restart of a monitor that failed. Does nothing else, because these events overtake messages.
    fn restart_later(&mut self, myself: &ActorRef<Message>, cell: &ActorCell, reason: &str) {
        let is_failed =
            |child: &Child| child.actor.as_ref().is_some_and(|actor| actor.get_id() == cell.get_id());
        let Some((&id, child)) = self.children.iter_mut().find(|(_, child)| is_failed(child)) else { return };
        child.actor = None;
        if child.started.elapsed() > STABLE_AFTER {
            child.backoff.reset();
        }
        let wait = child.backoff.failed();
        tracing::error!(db.id = %id, reason, wait_ms = wait.as_millis(), "a monitor failed; restarting");
        myself.send_after(wait, move || Message::Respawn(id));
    }
}
