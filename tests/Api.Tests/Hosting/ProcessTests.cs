using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Fovea.Api.Tests.Hosting;

[Trait("Needs", "time")]
public sealed class ProcessTests
{
    public static TheoryData<string, string> WrongSettings => new()
    {
        { "--Fovea:ModelRepository=/nowhere", "Fovea:ModelRepository is /nowhere" },
        { "--Fovea:MaxImageBytes=0", "Fovea:MaxImageBytes is 0; expected 1 to 1073741824." },
        { "--Fovea:MaxRequestBytes=5", "Fovea:MaxRequestBytes is 5; expected at least Fovea:MaxImageBytes, 20971520." },
        { "--Fovea:MaxPixels=-1", "Fovea:MaxPixels is -1; expected 1 to 1000000000." },
        { "--Fovea:MaxPixels=many", "many" },
        { "--Fovea:MaxQueue=0", "Fovea:MaxQueue is 0; expected 1 to 100000." },
        { "--Fovea:DeadlineSeconds=0", "Fovea:DeadlineSeconds is 0; expected 1 to 3600." },
        { "--Fovea:Formats:0=tiff", "Fovea:Formats contains tiff" },
        { "--Fovea:CorsOrigins:0=example.org", "Fovea:CorsOrigins contains example.org" },
        { "--Fovea:TrustedProxies:0=proxy", "Fovea:TrustedProxies contains proxy" },
    };

    [Theory, MemberData(nameof(WrongSettings))]
    public async Task Wrong_setting_stops_the_start_with_one_sentence(string setting, string named)
    {
        using var repository = new Repository();
        using var process = new ServiceProcess(Environment(ServiceProcess.FreePort(), repository), setting);
        var (code, errors) = await process.Exit();
        Assert.NotEqual(0, code);
        Assert.Contains(named, errors, StringComparison.Ordinal);
        Assert.Single(errors.Trim().Split('\n'));
    }

    [Fact]
    public async Task Address_in_use_stops_the_start_with_one_sentence_while_models_load()
    {
        using var repository = ManyModels();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var process = new ServiceProcess(Environment(((IPEndPoint)taken.LocalEndpoint).Port, repository));
        var (code, errors) = await process.Exit();
        Assert.Equal(1, code);
        Assert.Contains($"{taken.LocalEndpoint}", Assert.Single(errors.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Service_that_is_stopped_while_it_starts_ends_without_an_error()
    {
        const int KilledBySignal = 128 + 15;
        using var repository = ManyModels();
        using var process = new ServiceProcess(Environment(ServiceProcess.FreePort(), repository));
        await Eventually.True(() => Task.FromResult(process.Output.Contains("Loaded", StringComparison.Ordinal)));
        process.Terminate();
        var (code, errors) = await process.Exit();

        // The process may not handle signals yet.
        Assert.True(code is 0 or KilledBySignal, $"{code}");
        Assert.Empty(errors);
        Assert.DoesNotContain("fail:", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terminated_service_finishes_requests_in_flight_and_exits_with_0()
    {
        using var repository = new Repository().With("lenet5", 1);
        int port = ServiceProcess.FreePort();
        using var process = new ServiceProcess(Environment(port, repository));
        await UntilReady(port);

        using var underWay = await Connect(port);
        using var idle = await Connect(port);
        await idle.SendAsync(
            Encoding.ASCII.GetBytes("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"), TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 200", await Receive(idle), StringComparison.Ordinal);
        await underWay.SendAsync(
            Encoding.ASCII.GetBytes(
                "POST /classify/lenet5 HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
                    + $"{Images.Digit.Length}\r\n\r\n"),
            TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 100", await Receive(underWay), StringComparison.Ordinal);
        await underWay.SendAsync(Images.Digit.AsMemory(0, 50), TestContext.Current.CancellationToken);

        process.Terminate();
        await UntilRefused(port);
        await underWay.SendAsync(Images.Digit.AsMemory(50), TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 200", await Receive(underWay), StringComparison.Ordinal);
        var (code, errors) = await process.Exit();
        Assert.Equal(0, code);
        Assert.Empty(errors);
    }

    [Theory]
    [InlineData("text", @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info: ")]
    [InlineData("json", @"^\{.*""Timestamp"":""\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z""")]
    public async Task Each_entry_of_the_log_has_a_timestamp(string format, string pattern)
    {
        using var repository = new Repository().With("lenet5", 1);
        int port = ServiceProcess.FreePort();
        using var process = new ServiceProcess(Environment(port, repository), $"--Fovea:LogFormat={format}");
        await UntilReady(port);
        await Eventually.True(() => Task.FromResult(Regex.IsMatch(process.Output, pattern, RegexOptions.Multiline)));
        Assert.DoesNotMatch(new Regex("^info: ", RegexOptions.Multiline), process.Output);
    }

    [Fact]
    public async Task Health_argument_asks_the_running_service()
    {
        using var repository = new Repository().With("lenet5", 1);
        int port = ServiceProcess.FreePort();
        using (var early = new ServiceProcess(Environment(port, repository), "--health"))
        {
            Assert.Equal(1, (await early.Exit()).Code);
        }

        using var process = new ServiceProcess(Environment(port, repository));
        await UntilReady(port);
        using var probe = new ServiceProcess(Environment(port, repository), "--health");
        Assert.Equal(0, (await probe.Exit()).Code);
    }

    private static Repository ManyModels()
    {
        var repository = new Repository();
        foreach (char name in "abcdefgh")
        {
            repository.With($"{name}", 1);
        }

        return repository;
    }

    private static Dictionary<string, string?> Environment(int port, Repository repository) =>
        new()
        {
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
            ["Fovea__ModelRepository"] = repository.Folder,
            ["Fovea__Data"] = Repository.Data,
        };

    private static async Task UntilReady(int port)
    {
        using var client = new HttpClient();
        for (var clock = Stopwatch.StartNew(); clock.Elapsed.TotalSeconds < 30; await Task.Delay(50))
        {
            try
            {
                using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/health/ready"));
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // The service does not listen yet.
            }
        }

        Assert.Fail("The service was not ready within 30 seconds.");
    }

    private static async Task UntilRefused(int port)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed.TotalSeconds < 20; await Task.Delay(50))
        {
            try
            {
                using var socket = await Connect(port);
            }
            catch (SocketException)
            {
                return;
            }
        }

        Assert.Fail("The service still took connections 20 seconds after it was told to stop.");
    }

    private static async Task<Socket> Connect(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    private static async Task<string> Receive(Socket socket)
    {
        var buffer = new byte[4096];
        int length = await socket.ReceiveAsync(buffer);
        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
