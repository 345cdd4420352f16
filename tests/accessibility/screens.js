/* global axe, odoo */
// Runs in the page of the web client, beside axe: walks through screens and says what it finds.
// eslint-disable-next-line no-unused-vars
const accessibility = (() => {
    const GRAVE = ["serious", "critical"];
    const PATIENCE = 60000;
    // What Odoo puts around the content of every view, and what its widgets draw in it.
    const FRAME = [
        ...[".o_control_panel", ".o-mail-Form-chatter", ".o_calendar_sidebar_container"],
        ...[".fc", ".o_progress", ".o_tag", ".o_colorlist", ".o_select_menu"],
    ];

    // Odoo paints what its badge widget shows; all else about it is looked at.
    const PAINTED = ".o_field_badge";

    const services = () => odoo.__WOWL_DEBUG__.root.env.services;
    const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    const shown = () =>
        document.querySelector(".modal-content") || document.querySelector(".o_action_manager > *");

    /** Wait until another screen than `old` is on the page, whole and at rest. */
    async function drawn(old, name) {
        const deadline = Date.now() + PATIENCE;
        let size = -1;
        while (Date.now() < deadline) {
            await pause(200);
            const screen = shown();
            if (!screen || screen === old || document.querySelector(".o_loading_indicator")) {
                continue;
            }
            if (screen.innerHTML.length === size) {
                return;
            }
            size = screen.innerHTML.length;
        }
        throw new Error(`nothing was drawn: ${name}`);
    }

    /** What a finding is about, the same wherever Odoo's theme or widget shows it. */
    function sign(rule, check, element) {
        if (rule.id === "color-contrast") {
            return `${rule.id}: ${check.data.fgColor} on ${check.data.bgColor}`;
        }
        return `${rule.id}: ${[element.localName, ...[...element.classList].sort()].join(".")}`;
    }

    /** The serious findings on the page, as texts by what they are about. */
    async function look(name) {
        const isView = services().action.currentController.view;
        const isDialog = document.querySelector(".modal-content");
        const context = {
            include: [[isDialog ? ".modal-content" : ".o_action_manager"]],
            exclude: isView && !isDialog ? FRAME : [],
        };
        const {violations} = await axe.run(context, {resultTypes: ["violations"]});
        const found = new Map();
        for (const rule of violations.filter((one) => GRAVE.includes(one.impact))) {
            for (const node of rule.nodes) {
                const check = node.any[0] || node.all[0] || node.none[0];
                const element = document.querySelector(node.target[0]);
                if (rule.id === "color-contrast" && element.closest(PAINTED)) {
                    continue;
                }
                const signed = sign(rule, check, element);
                const text = `${name}: ${rule.id}, ${check.message} ${node.html.slice(0, 200)}`;
                found.set(signed, text);
            }
        }
        return found;
    }

    /** Open an action, in each of its views where asked to, and look at each. */
    async function lookAtAction(name, id, everyView) {
        const found = [];
        let views = [undefined];
        for (let index = 0; index < views.length; index++) {
            const old = shown();
            await services().action.doAction(id, {
                clearBreadcrumbs: true,
                viewType: views[index],
            });
            await drawn(old, `${name}, ${views[index] || "first view"}`);
            const {view, views: all} = services().action.currentController;
            if (everyView && view && !index) {
                const others = all.map(({type}) => type).filter((type) => type !== view.type);
                views = [view.type, ...others.filter((type) => type !== "form")];
            }
            found.push(...(await look(`${name} (${view ? view.type : "screen"})`)));
            services().dialog.closeAll();
        }
        return found;
    }

    /** Look at the actions of menus and gather what they show. */
    async function walk(menus, everyView) {
        const found = new Map();
        for (const {xmlid, actionID} of menus) {
            try {
                for (const [signed, text] of await lookAtAction(xmlid, actionID, everyView)) {
                    found.set(signed, text);
                }
            } catch (error) {
                found.set(error.message, error.message);
            }
        }
        return found;
    }

    const isServer = (menu) => menu.actionModel === "ir.actions.server";
    const menusOf = (prefix, isLooked = () => true) =>
        services()
            .menu.getAll()
            .filter((menu) => menu.actionID && menu.xmlid?.startsWith(prefix) && isLooked(menu));

    return {
        /** Our own screens: nothing on them is Odoo's. */
        async screens() {
            await drawn(null, "first screen");
            const isScreen = (menu) => menu.actionModel === "ir.actions.client";
            const menus = menusOf("sales_funnel_control.", isScreen);
            return {looked: menus.length, found: [...(await walk(menus, false)).values()]};
        },
        /** All views of our menus, less what Odoo's own views of leads show as well. */
        async everything() {
            await drawn(null, "first screen");
            const stock = await walk(
                menusOf("crm.", (menu) => !isServer(menu)),
                true
            );
            const menus = menusOf("sales_funnel_control.");
            const ours = await walk(menus, true);
            const found = [...ours].filter(([signed]) => !stock.has(signed));
            return {looked: menus.length, found: found.map(([, text]) => text)};
        },
    };
})();
