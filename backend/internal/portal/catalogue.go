package portal

// Currency is what everything in the catalogue is priced in.
const Currency = "EUR"

// Catalogue is what can be ordered, in the order in which it is shown. It is written to the database at start, where carts
// refer to it: a product may change its words and its price, but never its id.
var Catalogue = []Product{
	{ID: "vps-1", Kind: VirtualServer, Name: "Virtual server S", Description: "1 core, 2 GB memory, 40 GB NVMe", Cents: 590, Currency: Currency, Period: "month"},
	{ID: "vps-2", Kind: VirtualServer, Name: "Virtual server M", Description: "2 cores, 8 GB memory, 160 GB NVMe", Cents: 1290, Currency: Currency, Period: "month"},
	{ID: "vps-4", Kind: VirtualServer, Name: "Virtual server L", Description: "4 cores, 16 GB memory, 320 GB NVMe", Cents: 2490, Currency: Currency, Period: "month"},
	{ID: "dedicated-s", Kind: DedicatedServer, Name: "Dedicated server S", Description: "8 cores, 64 GB memory, 2 × 1 TB NVMe", Cents: 6900, Currency: Currency, Period: "month"},
	{ID: "dedicated-l", Kind: DedicatedServer, Name: "Dedicated server L", Description: "32 cores, 256 GB memory, 4 × 2 TB NVMe", Cents: 18900, Currency: Currency, Period: "month"},
	{ID: "wordpress", Kind: WordPress, Name: "WordPress hosting", Description: "One site, daily backups, certificates included", Cents: 790, Currency: Currency, Period: "month"},
	{ID: "domain-com", Kind: Domain, Name: ".com domain", Description: "Registration or transfer, one year", Cents: 1490, Currency: Currency, Period: "year"},
	{ID: "dns-zone", Kind: DNSZone, Name: "DNS zone", Description: "Anycast name servers, DNSSEC, up to 1,000 records", Cents: 100, Currency: Currency, Period: "month"},
}
