import {describe, expect, test} from "@odoo/hoot";
import {
    contains,
    defineModels,
    fields,
    models,
    mountView,
    onRpc,
    unload,
} from "@web/../tests/web_test_helpers";
import {animationFrame} from "@odoo/hoot-mock";

describe.current.tags("desktop");

class Talk extends models.Model {
    _name = "crm.contact.log";

    result = fields.Char();

    _records = [{id: 1, result: "Wants an offer"}];
}

defineModels([Talk]);

async function leaveThePage(resId) {
    onRpc("web_save", () => expect.step("web_save"));
    await mountView({
        type: "form",
        resModel: "crm.contact.log",
        resId,
        arch: `<form js_class="crm_contact_log_form"><field name="result"/></form>`,
    });
    await contains("[name=result] input").edit("Nothing yet", {confirm: false});
    await unload();
    await animationFrame();
}

test("a contact that was only begun is not logged by leaving the page", async () => {
    await leaveThePage();
    expect.verifySteps([]);
});

test("a correction is kept by leaving the page", async () => {
    await leaveThePage(1);
    expect.verifySteps(["web_save"]);
});
