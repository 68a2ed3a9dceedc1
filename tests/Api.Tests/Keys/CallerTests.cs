using System.Net;
using Fovea.Api.Keys;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.Keys;

public sealed class CallerTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:3::1", "2001:db8:1:3::/64")]
    [InlineData(null, "unknown")]
    public void Caller_without_a_key_is_its_network(string? address, string network) =>
        Assert.Equal(network, Caller.Network(address is null ? null : IPAddress.Parse(address)));

    [Fact]
    public async Task Addresses_of_one_network_share_a_rate_limit()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await TestService.StartReady(
            repository, null, "--Fovea:TrustedProxies:0=127.0.0.0/8", "--Fovea:RequestsPerMinute=1");
        foreach (var (client, status) in ((string, int)[])
        [
            ("2001:db8::1", 200),
            ("2001:db8::2", 429),
            ("2001:db8:0:1::1", 200),
            ("192.0.2.7", 200),
            ("::ffff:192.0.2.7", 429),
        ])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/models")
            {
                Headers = { { "X-Forwarded-For", client.Contains(':', StringComparison.Ordinal) ? $"[{client}]" : client } },
            };
            using var answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((client, status), (client, (int)answer.StatusCode));
        }
    }
}
