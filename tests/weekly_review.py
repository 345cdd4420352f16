"""A weekly review written by hand, for what reads reviews."""

from datetime import date

WEEK = date(2026, 6, 1)


def make_review(case, **values):
    """A review of two managers; the second one's rates mirror the reference figure.

    :param case: a ``FunnelCase`` with a ``head``
    """
    env = case.env
    review = env["crm.weekly.review"].create(
        {
            "team_id": case.team.id,
            "team_name": case.team.name,
            "company_id": env.company.id,
            "week_start": WEEK,
            "head_id": case.head.id,
            "taken_at": "2026-06-08 00:10:00",
            **values,
        }
    )
    stages = case.stages[1:]
    for number, stage in enumerate(stages):
        _transition(review, stage, number, rate=80, entered=400)
    for user, rates in ((case.ivanov, (80, 70, 85, 95)), (case.sidorov, (95, 90, 70, 80))):
        line = env["crm.weekly.review.line"].create(
            {
                "review_id": review.id,
                "user_id": user.id,
                "manager_name": user.name,
                "sales_role": "hunter",
                "opening": 10,
                "entered": 5,
                "exited": 3,
                "closing": 12,
                "new_clients": 5,
                "won": 1,
                "won_amount": 1500.5,
                "refused": 2,
                "without_next_step": 4,
                "manager_word": f"Word of {user.name}",
                "contact_ids": [(0, 0, {"kind": "meeting", "done": 9, "norm": 12})],
                "stage_ids": [
                    (
                        0,
                        0,
                        {
                            "stage_id": case.list.id,
                            "stage_name": "Client List",
                            "opening": 10,
                            "entered": 5,
                            "advanced": 1,
                            "refused": 2,
                            "closing": 12,
                        },
                    )
                ],
                "refusal_ids": [
                    (0, 0, {"reason_name": "No budget", "number": 1}),
                    (0, 0, {"reason_name": f"Cause of {user.name}", "number": 1}),
                ],
            }
        )
        for number, (stage, rate) in enumerate(zip(stages, rates, strict=True)):
            _transition(review, stage, number, rate=rate, entered=200, line_id=line.id)
    env["crm.weekly.review.decision"].create(
        {
            "review_id": review.id,
            "user_id": case.sidorov.id,
            "stage_id": case.contract.id,
            "kind": "training",
            "note": "Read the contract aloud",
            "responsible_id": case.head.id,
            "date_due": "2026-06-19",
        }
    )
    return review


def _transition(review, stage, number, rate, entered, **values):
    target = stage.target_rate
    review.env["crm.weekly.review.transition"].create(
        {
            "review_id": review.id,
            "stage_id": stage.id,
            "stage_name": stage.name,
            "sequence": number,
            "entered": entered,
            "advanced": entered * rate // 100,
            "rate": rate,
            "target": target,
            "has_target": True,
            "verdict": "below" if rate < target - 5 else "on_target",
            "exits": 4,
            "flow_advanced": 3,
            **values,
        }
    )
