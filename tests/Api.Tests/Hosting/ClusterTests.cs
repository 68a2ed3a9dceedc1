using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Fovea.Api.Tests.DatasetRepository;

namespace Fovea.Api.Tests.Hosting;

/// <summary>Tests the nginx configuration of docker-compose's cluster with two services on one folder.</summary>
[Trait("Needs", "services")]
public sealed class ClusterTests : IDisposable
{
    private const string Key = "a secret";

    private readonly Repository repository = new Repository().With("lenet5", 1, 2).WithFile("lenet5/default", "1");
    private readonly TemporaryFolder data = new();
    private readonly HttpClient client = new() { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Key) } };

    [Fact]
    public async Task Two_services_behind_the_load_balancer_give_equal_answers_and_one_alone_suffices()
    {
        int[] ports = [ServiceProcess.FreePort(), ServiceProcess.FreePort()];
        var balancer = new Uri($"http://127.0.0.1:{ServiceProcess.FreePort()}");
        using var first = Start(ports[0]);
        using var second = Start(ports[1]);
        using var nginx = StartBalancer(balancer.Port, ports);
        try
        {
            foreach (var address in ports.Select(Address).Append(balancer))
            {
                await Eventually.True(async () => await Status(new Uri(address, "/health/ready")) == HttpStatusCode.OK);
            }

            using (
                var published = await client.PostAsync(
                    new Uri(balancer, "/models/lenet5/versions/2/publish"), null, TestContext.Current.CancellationToken))
            {
                Assert.Equal(HttpStatusCode.OK, published.StatusCode);
            }

            foreach (int port in ports)
            {
                await Eventually.True(async () => await Version(Address(port)) == 2);
            }

            var dataset = await Upload(balancer);
            foreach (int port in ports)
            {
                Assert.Equal(HttpStatusCode.OK, await Status(new Uri(Address(port), $"/datasets/{dataset}")));
            }

            await EventsComeAsTheyHappen(balancer, dataset);
            second.Kill();
            for (int i = 0; i < 20; i++)
            {
                Assert.Equal(2, await Version(balancer));
            }
        }
        finally
        {
            nginx.Kill();
            await nginx.WaitForExitAsync(CancellationToken.None);
        }
    }

    public void Dispose()
    {
        client.Dispose();
        repository.Dispose();
        data.Dispose();
    }

    private static Uri Address(int port) => new($"http://127.0.0.1:{port}");

    private ServiceProcess Start(int port) => new(
        new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = $"{Address(port)}",
            ["Fovea__ModelRepository"] = repository.Folder,
            ["Fovea__Data"] = data.Path,
            ["Fovea__ApiKeys__0"] = Key,
            ["Fovea__PollSeconds"] = "1",
            ["Fovea__TrustedProxies__0"] = "127.0.0.1",
        },
        "--role=serve");

    // The committed configuration with other addresses, and with another folder for nginx's temporary files.
    private Process StartBalancer(int port, int[] services)
    {
        var configuration = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docker", "nginx.conf"));
        configuration = Regex.Replace(
            configuration, @"api-(\d):8080", match => $"127.0.0.1:{services[int.Parse(match.Groups[1].Value, null) - 1]}")
            .Replace("listen 8080", $"listen 127.0.0.1:{port}", StringComparison.Ordinal)
            .Replace("/tmp/", $"{data.Path}/nginx-", StringComparison.Ordinal);
        File.WriteAllText(data["nginx.conf"], configuration);
        return Process.Start(
            new ProcessStartInfo("/usr/sbin/nginx", ["-c", data["nginx.conf"], "-e", "stderr", "-g", "daemon off; master_process off;"]))!;
    }

    private async Task<HttpStatusCode?> Status(Uri address)
    {
        try
        {
            using var answer = await client.GetAsync(address, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private async Task<int> Version(Uri address)
    {
        using var answer = await client.PostAsync(
            new Uri(address, "/classify/lenet5"), Images.Digit.As(null), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken))
            .GetProperty("version").GetInt32();
    }

    // The archive is larger than nginx's default limit for bodies.
    private async Task<string> Upload(Uri address)
    {
        var noise = new byte[3_000_000];
        new Random(1).NextBytes(noise);
        var zip = Archives.Zip([.. Archives.AntsAndBees(12), ("ants/noise", noise)]);
        using var answer = await client.PostAsync(
            new Uri(address, "/datasets"), Archives.Content(zip), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("id").GetString()!;
    }

    // No worker runs, so the stream stays open. The events so far arrive nevertheless.
    private async Task EventsComeAsTheyHappen(Uri address, string dataset)
    {
        using var created = await client.PostAsync(
            new Uri(address, "/fine_tuning/jobs"),
            JsonContent.Create(new { model = "lenet5", dataset }),
            TestContext.Current.CancellationToken);
        var job = (await created.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken))
            .GetProperty("id").GetString();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, $"/fine_tuning/jobs/{job}/events"))
        {
            Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/event-stream") } },
        };
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.Equal("id: 1", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
    }
}
