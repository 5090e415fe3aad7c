"""Starting what the engine computes beside the requests: routes and pages share it."""

from api.services import Services
from scheduler.accounts.actor import Actor
from scheduler.referrals.policies import in_force
from scheduler.referrals.run import RunOrder, perform_run, start_run
from scheduler.referrals.studies import StudyOrder, perform_study, start_study
from scheduler.store.tables import MatchingRun, Study


def begin_run(
    here: Services, actor: Actor, *, seed: int = 0, time_limit_s: float | None = None
) -> MatchingRun:
    """Write down that a run begins, under the policy in force, and hand it to the workbench.

    Parameters
    ----------
    time_limit_s
        At most that of the settings, which holds when it is None.

    Raises
    ------
    RunInProgress
        When another run of the territory is being computed.
    """
    longest_s = here.settings.solve_seconds
    with here.store.write() as session:
        rules = in_force(session, actor.territory_id)
        order = RunOrder(
            policy=rules.policy,
            policy_id=rules.id,
            time_limit_s=min(time_limit_s or longest_s, longest_s),
            seed=seed,
        )
        run = start_run(session, actor, order, now=here.clock())
    here.workbench.submit(
        lambda wanted: perform_run(here.store, actor, run.id, order, clock=here.clock, wanted=wanted)
    )
    return run


def begin_study(here: Services, actor: Actor, order: StudyOrder) -> Study:
    """Write down that a study begins, and hand it to the workbench.

    Raises
    ------
    StudyInProgress
        When another of the same kind is being computed for the territory.
    """
    with here.store.write() as session:
        study = start_study(session, actor, order, now=here.clock())
    here.workbench.submit(
        lambda wanted: perform_study(here.store, actor, study.id, order, clock=here.clock, wanted=wanted)
    )
    return study
