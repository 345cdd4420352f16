from odoo.tests import tagged

from .common import Json2Case
from .watch import WatchCase


@tagged("post_install", "-at_install")
class TestWatchOverHttp(WatchCase, Json2Case):
    def test_from_the_signal_to_the_deal(self):
        self.company.signal_overdue = "none"
        client = self.make_client("Tour Romashka")
        self.rhythm(client, 45)
        signal = self.raise_signals(client)
        self.assertFalse(signal.lead_id)
        self.start_tour(
            "/odoo/client-signals", "sales_funnel_control.signal_to_deal", login="test_petrova"
        )
        self.assertEqual(signal.state, "in_work")
        self.assertEqual(signal.lead_id.team_id, self.farmers)
        self.assertEqual(signal.lead_id.user_id, self.petrova)

    def test_by_json2(self):
        """Other programs take signals to work by the rules of access."""
        client = self.make_client()
        self.rhythm(client, 45)
        signal = self.raise_signals(client)
        answer = self.json2(self.ivanov, "crm.client.signal/action_take", ids=signal.ids)
        self.assertEqual(answer.status_code, 403)
        answer = self.json2(self.petrova, "crm.client.signal/action_take", ids=signal.ids)
        self.assertEqual(answer.status_code, 200)
        signal.invalidate_recordset()
        self.assertEqual(signal.state, "in_work")
