trigger InvoiceTrigger on Invoice__c (before insert) {
    for (Invoice__c invoice : Trigger.new) {
        if (invoice.DueDate__c == null) {
            invoice.DueDate__c = Date.today().addDays(30);
        }
    }
}
