import {describe, expect, test} from "@odoo/hoot";
import {unload} from "@odoo/hoot-dom";
import {mockSendBeacon} from "@odoo/hoot-mock";
import {mailModels} from "@mail/../tests/mail_test_helpers";
import {contains, defineModels, fields, models, mountView} from "@web/../tests/web_test_helpers";

describe.current.tags("desktop");

class Talk extends models.Model {
    _name = "crm.contact.log";

    result = fields.Char();

    _records = [{id: 1, result: "Wants an offer"}];
}

defineModels({...mailModels, Talk});

async function leaveThePage(resId) {
    mockSendBeacon((route) => expect.step(route));
    await mountView({
        type: "form",
        resModel: "crm.contact.log",
        resId,
        arch: `<form js_class="crm_contact_log_form"><field name="result"/></form>`,
    });
    await contains("[name=result] input").edit("Nothing yet", {confirm: false});
    await unload();
}

test("a contact that was only begun is not logged by leaving the page", async () => {
    await leaveThePage();
    expect.verifySteps([]);
});

test("a correction is kept by leaving the page", async () => {
    await leaveThePage(1);
    expect.verifySteps(["/web/dataset/call_kw/crm.contact.log/web_save"]);
});
