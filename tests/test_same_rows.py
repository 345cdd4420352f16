from odoo.tests import new_test_user, tagged

from .common import FunnelCase, Json2Case

_DIFFERENT = ("id", "lead_id", "entered_at", "left_at", "days", "week_start")


@tagged("post_install", "-at_install")
class TestSameRows(FunnelCase, Json2Case):
    """Invariant 6: one story of a deal leaves the same rows, in whichever way it is told.

    It is created in the first stage, moves on, skips a stage, is lost, comes back, goes back a
    stage, is handed over, and won.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.head = new_test_user(
            cls.env,
            "test_head",
            groups="sales_team.group_sale_manager",
            name="Head of Sales",
            lang="en_US",
        )

    def rows(self, lead):
        """Everything the ledger keeps of the lead but ids and moments."""
        stays = self.stays(lead)
        names = [
            name for name, field in stays._fields.items() if field.store and name not in _DIFFERENT
        ]
        return [{name: stay[name] for name in names} for stay in stays]

    def told(self, lead):
        """The lead's rows, which are those of the whole story."""
        self.assertEqual(
            self.path(lead),
            [
                ("Client List", "Head of Sales", "created", "advanced"),
                ("Acquaintance", "Head of Sales", "advanced", "advanced"),
                ("Presentation", "Head of Sales", "skipped", "advanced"),
                ("Contract", "Head of Sales", "advanced", "refused"),
                ("Contract", "Head of Sales", "reopened", "moved_back"),
                ("Presentation", "Head of Sales", "moved_back", "handed_over"),
                ("Presentation", "Sidorenko", "handed_over", "advanced"),
                ("Contract", "Sidorenko", "skipped", "advanced"),
                ("Payment", "Sidorenko", "advanced", "still_there"),
            ],
        )
        return self.rows(lead)

    def steps(self):
        """What happens to the deal: the values it is created with, and the writes that follow."""
        return (
            {
                "name": "Told Deal",
                "type": "opportunity",
                "team_id": self.team.id,
                "user_id": self.head.id,
                "stage_id": self.list.id,
            },
            {"stage_id": self.acquaintance.id},
            {"stage_id": self.contract.id},
            {"active": False, "probability": 0, "lost_reason_id": self.reason.id},
            {"active": True, "probability": 20, "lost_reason_id": False},
            {"stage_id": self.presentation.id},
            {"user_id": self.sidorov.id},
            {"stage_id": self.payment.id},
        )

    # -- the ways -----------------------------------------------------------------------------

    def by_orm(self):
        values, *writes = self.steps()
        lead = self.env["crm.lead"].with_user(self.head).create(values)
        self.env.cr.flush()
        for vals in writes:
            lead.write(vals)
            self.env.cr.flush()
        return lead.sudo()

    def by_methods(self):
        """The methods that buttons call."""
        values, advance, skip, _lose, _restore, back, hand_over, _win = self.steps()
        lead = self.env["crm.lead"].with_user(self.head).create(values)
        for act in (
            lambda: lead.write(advance),
            lambda: lead.write(skip),
            lambda: lead.action_set_lost(lost_reason_id=self.reason.id),
            lead.action_restore,
            lambda: lead.write(back),
            lambda: lead.write(hand_over),
            lead.action_set_won,
        ):
            self.env.cr.flush()
            act()
        self.env.cr.flush()
        return lead.sudo()

    def by_json2(self):
        values, *writes = self.steps()
        answer = self.json2(self.head, "crm.lead/create", vals_list=[values])
        self.assertEqual(answer.status_code, 200, answer.text)
        ids = answer.json()
        for vals in writes:
            answer = self.json2(self.head, "crm.lead/write", ids=ids, vals=vals)
            self.assertEqual(answer.status_code, 200, answer.text)
        return self.deal(ids)

    def by_import(self):
        """A file for each step, as another system exports it every evening."""
        for step in self.steps():
            columns = [f"{name}/.id" if name.endswith("_id") else name for name in step]
            result = (
                self.env["crm.lead"]
                .with_user(self.head)
                .load(
                    ["id", *columns],
                    [["__import__.told_deal", *(str(value or "") for value in step.values())]],
                )
            )
            self.assertFalse(result["messages"])
            self.env.cr.flush()
        return self.deal(result["ids"])

    def by_client(self):
        action = self.env["ir.actions.act_window"].create(
            {
                "name": "Pipeline of the test",
                "res_model": "crm.lead",
                "view_mode": "kanban,form",
                "domain": [("team_id", "=", self.team.id), ("name", "=", "Toured Deal")],
                "context": {"default_team_id": self.team.id, "default_type": "opportunity"},
            }
        )
        self.start_tour(
            f"/odoo/action-{action.id}",
            "sales_funnel_control.same_rows",
            login="test_head",
            timeout=120,
        )
        return self.env["crm.lead"].search([("name", "=", "Toured Deal")])

    def deal(self, ids):
        lead = self.env["crm.lead"].browse(ids)
        lead.invalidate_recordset()
        return lead

    # -- what they leave ----------------------------------------------------------------------

    def test_same_rows(self):
        expected = self.told(self.by_orm())
        for way in (self.by_methods, self.by_json2, self.by_import, self.by_client):
            with self.subTest(way=way.__name__):
                self.assertEqual(self.told(way()), expected)
