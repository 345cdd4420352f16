import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");

function openMenu(menu, item) {
    return [
        {
            trigger: `button[data-menu-xmlid='${menu}']`,
            run: "click",
        },
        {
            trigger: `a[data-menu-xmlid='${item}']`,
            run: "click",
        },
    ];
}

function inClientBase(item) {
    return openMenu("sales_funnel_control.crm_clients_menu", `sales_funnel_control.${item}`);
}

function inReports(item) {
    return openMenu("crm.crm_menu_report", `sales_funnel_control.${item}`);
}

/** The farmer looks at the client, and enters an order of its contact person. */
tours.add("sales_funnel_control.client_story_order", {
    steps: () => [
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        ...inClientBase("crm_client_menu"),
        {
            content: "Open the client",
            trigger: ".o_data_row:contains(Story Works) .o_data_cell[name=partner_id]",
            run: "click",
        },
        {
            content: "It is a regular buyer",
            trigger: ".o_form_view .o_statusbar_status .o_arrow_button_current:contains(Regular)",
        },
        {
            content: "It holds a card",
            trigger: ".o_notebook .nav-link:contains(Loyalty)",
            run: "click",
        },
        {
            trigger:
                ".o_form_view:has([name=loyalty_summary]:contains(Test Discount)) [name=membership_ids] .o_data_row:contains(Test Discount)",
        },
        ...openMenu("crm.crm_menu_sales", "sale_crm.sale_order_menu_quotations_crm"),
        {
            trigger: ".o_sale_order",
        },
        {
            content: "A quotation",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "For the contact person",
            trigger: ".o_field_widget[name=partner_id] input",
            run: "edit Story Buyer",
        },
        {
            trigger: "ul.ui-autocomplete > li > a:contains(Story Buyer)",
            run: "click",
        },
        {
            content: "Of one thing",
            trigger: "a:contains(Add a product)",
            run: "click",
        },
        {
            trigger: ".o_data_row [name=product_template_id] input",
            run: "edit Story Goods",
        },
        {
            trigger: "ul.ui-autocomplete a:contains(Story Goods)",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=tax_totals]:contains(100.00)",
        },
        {
            content: "Once it is saved, the discount is in it",
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains(10% on your order):contains(10.00)",
        },
        {
            trigger: ".o_field_widget[name=tax_totals]:contains(90.00)",
        },
        {
            content: "The client agrees",
            trigger: "button[name=action_confirm]:visible",
            run: "click",
        },
        {
            trigger: ".o_statusbar_status .o_arrow_button_current:contains(Sales Order)",
        },
    ],
});

/** The farmer is told that the client is overdue, and wins the deal. */
tours.add("sales_funnel_control.client_story_win", {
    steps: () => [
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        ...inClientBase("crm_client_signal_menu"),
        {
            content: "The client is overdue",
            trigger:
                ".o_data_row:contains(Story Works):contains(Buys every 35 days, the last time 65 days ago) .o_data_cell[name=partner_id]",
            run: "click",
        },
        {
            trigger: ".o_form_view button[name=action_open_deal]",
            run: "click",
        },
        {
            content: "The deal says whom to call, and what the card gives",
            trigger:
                ".o_form_view:has([name=loyalty_summary]:contains(Test Discount)) .o-mail-Activity:contains(the purchase is overdue)",
        },
        {
            content: "The client wants more",
            trigger: "button[name=action_set_won_rainbowman]:visible",
            run: "click",
        },
        {
            trigger: ".ribbon:contains(Won)",
        },
    ],
});

/** The head of sales sees what came of it. */
tours.add("sales_funnel_control.client_story_report", {
    steps: () => [
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        ...inReports("crm_client_signal_report_menu"),
        {
            content: "One signal, and revenue before and afterwards",
            trigger:
                ".o_pivot tbody tr:has(th:contains(Overdue)):contains(490.00):contains(270.00) td:eq(0):contains(/^1$/)",
        },
        {
            content: "How many were worked, and bought again",
            trigger: ".o_pivot_buttons button:contains(Measures)",
            run: "click",
        },
        {
            trigger: ".o-dropdown--menu .o-dropdown-item:contains(/^Worked$/)",
            run: "click",
        },
        {
            trigger: ".o-dropdown--menu .o-dropdown-item:contains(/^Bought Afterwards$/)",
            run: "click",
        },
        {
            trigger:
                ".o_pivot tbody tr:has(th:contains(Overdue)):has(td:eq(6):contains(/^1$/)) td:eq(7):contains(/^1$/)",
        },
        ...inReports("crm_loyalty_result_menu"),
        {
            content: "The program has one member",
            trigger:
                ".o_data_row:contains(Test Discount) .o_data_cell[name=members_now]:contains(/^1$/)",
        },
        ...inReports("crm_client_category_history_menu"),
        {
            content: "The client came from potential to regular",
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            trigger:
                ".o_list_view:has(.o_data_row:contains(Story Works):contains(Potential):contains(Buyer)) .o_data_row:contains(Story Works):contains(Buyer):contains(Regular)",
        },
    ],
});
