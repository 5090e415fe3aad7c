"""The policy of a territory: read by the bureau and the coordination, changed by the coordination."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status

from api.dependencies import Coordinator, RunReader
from api.schemas.policies import PolicyIn, PolicyLine, PolicyOut, policy_line, policy_out, rules_out
from api.services import Here
from scheduler.referrals.policies import adopt, get_policy, in_force, list_policies

router = APIRouter(prefix="/api/v1/policies", tags=["appariement"])


@router.get("")
def list_all(actor: RunReader, here: Here) -> list[PolicyLine]:
    """List every version that was kept, the one that holds first."""
    with here.store.read() as session:
        return [policy_line(row) for row in list_policies(session, actor)]


@router.post("", status_code=status.HTTP_201_CREATED)
def create(given: PolicyIn, actor: Coordinator, here: Here, answer: Response) -> PolicyLine:
    """Keep a new version; it holds from the next run on. What was voted is never rewritten."""
    with here.store.write() as session:
        row = adopt(session, actor, given.document, note=given.note, now=here.clock())
        answer.headers["location"] = f"{router.prefix}/{row.id}"
        return policy_line(row)


@router.get("/current")
def current(actor: RunReader, here: Here) -> PolicyOut:
    """Read the policy that holds, as a whole document."""
    with here.store.read() as session:
        return rules_out(in_force(session, actor.territory_id))


@router.get("/{policy_id}")
def get_one(policy_id: Annotated[int, Path(ge=1, le=2**31 - 1)], actor: RunReader, here: Here) -> PolicyOut:
    """Read one version as it was posted."""
    with here.store.read() as session:
        return policy_out(get_policy(session, actor, policy_id))
