using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Fovea.Benchmarks.Serving;

/// <summary>The service, or the endpoint that it is compared with, as a separate process on this machine.</summary>
internal sealed partial class ServiceProcess : IDisposable
{
    private const string Limit = "60";

    private static readonly Lazy<string> Published = new(() => Publish(Path.Combine(Path.GetTempPath(), "fovea-benchmarks", "published")));

    private readonly Process process;

    private ServiceProcess(string dll, params string[] settings)
        : this(["dotnet", Path.Combine(AppContext.BaseDirectory, dll), .. settings])
    {
    }

    private ServiceProcess(string[] command)
    {
        Address = new Uri($"http://127.0.0.1:{FreePort()}");
        Started = Stopwatch.GetTimestamp();
        process = Process.Start(
            new ProcessStartInfo(command[0], [.. command[1..], $"--urls={Address}"])
            {
                RedirectStandardOutput = true,
            })!;
        process.OutputDataReceived += (_, line) => Log += line.Data + "\n";
        process.BeginOutputReadLine();
        Client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1024 })
        {
            BaseAddress = Address,
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    public Uri Address { get; }

    public long Started { get; }

    public HttpClient Client { get; }

    public string Log { get; private set; } = "";

    /// <summary>The number of log entries of the levels error and critical.</summary>
    public int Errors => ErrorEntry().Count(Log);

    /// <summary>Sends a signal to the process, such as STOP or CONT.</summary>
    public void Send(string signal) => Run("kill", $"-{signal}", $"{process.Id}");

    /// <summary>The resident memory in bytes at this moment.</summary>
    public long Resident
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>Runs an action, and returns the highest rise of the resident memory during it, in bytes (Linux).</summary>
    public async Task<long> Rise(Func<Task> act)
    {
        // Resets the peak of the resident memory to its present value; see proc(5).
        await File.WriteAllTextAsync($"/proc/{process.Id}/clear_refs", "5");
        long before = Status("VmHWM");
        await act();
        return Status("VmHWM") - before;
    }

    /// <summary>Starts the published service with one model, and returns without waiting.</summary>
    public static ServiceProcess Start(BenchmarkModels models, string model, params string[] settings) =>
        new(Published.Value, [$"--Fovea:ModelRepository={models.Repository(model)}", $"--Fovea:Data={models.Data}", .. settings]);

    /// <summary>
    /// Starts the service from this project's build, with the caller's settings. Among published programs, it is the one in the folder api,
    /// since publishing this project leaves out the files of the page.
    /// </summary>
    public static ServiceProcess StartBuilt(params string[] settings)
    {
        var published = Path.Combine("..", "api", "Fovea.Api.dll");
        return new(File.Exists(Path.Combine(AppContext.BaseDirectory, published)) ? published : "Fovea.Api.dll", settings);
    }

    /// <summary>Starts the service from this project's build on some processors alone, such as <c>0</c> or <c>0,1</c> (Linux).</summary>
    public static ServiceProcess StartPinned(string processors, params string[] settings) =>
        new(["taskset", "-c", processors, "dotnet", Path.Combine(AppContext.BaseDirectory, "Fovea.Api.dll"), .. settings]);

    /// <summary>Starts the published service with one model, and waits until it has measured its batch sizes.</summary>
    public static ServiceProcess StartMeasured(BenchmarkModels models, string model, params string[] settings)
    {
        var service = Start(models, model, settings);
        for (int i = 0; i < 600 && !service.Log.Contains("runs in batches of", StringComparison.Ordinal); i++)
        {
            Thread.Sleep(100);
        }

        return service;
    }

    /// <summary>Starts an endpoint on the same web server that reads the body and answers with constant JSON.</summary>
    public static ServiceProcess StartConstant()
    {
        var service = new ServiceProcess("Fovea.Benchmarks.dll", "constant");
        service.FirstAnswer("/", [1]);
        return service;
    }

    /// <summary>
    /// Sends requests from the moment the service listens until it gives a correct answer. Returns the time since the start of the process.
    /// </summary>
    public TimeSpan FirstAnswer(string path, byte[] body)
    {
        while (true)
        {
            if (Listens())
            {
                using var answer = Client.PostAsync(path, new ByteArrayContent(body)).GetAwaiter().GetResult();
                if (answer.IsSuccessStatusCode)
                {
                    return Stopwatch.GetElapsedTime(Started);
                }
            }
            else if (process.HasExited)
            {
                throw new InvalidOperationException($"It has ended:\n{Log}");
            }

            Thread.Sleep(5);
        }
    }

    /// <summary>
    /// Measures requests per second with wrk in a closed loop: each client has one request in flight. The time is limited.
    /// </summary>
    public double Wrk(string path, string bodyFile, int clients, int seconds) => Wrk(new Uri(Address, path), bodyFile, clients, seconds);

    /// <summary>Measures any service in the same way.</summary>
    public static double Wrk(Uri address, string bodyFile, int clients, int seconds)
    {
        var script = Path.Combine(Path.GetTempPath(), $"fovea-{Environment.ProcessId}.lua");
        File.WriteAllText(script, $"wrk.method = 'POST'\nlocal f = io.open('{bodyFile}', 'rb')\nwrk.body = f:read('*a')\nf:close()\n");
        var output = Run("timeout", Limit, "wrk", "-t1", $"-c{clients}", $"-d{seconds}s", "-s", script, address.ToString());
        File.Delete(script);
        return output.Contains("Non-2xx", StringComparison.Ordinal)
            ? throw new InvalidOperationException($"Not every answer was a success:\n{output}")
            : double.Parse(
                output.Split('\n').Single(line => line.StartsWith("Requests/sec:", StringComparison.Ordinal)).Split(':')[1],
                System.Globalization.CultureInfo.InvariantCulture);
    }

    // Publishes with the options of the Dockerfile.
    private static string Publish(string folder)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Service.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException($"There is no Service.sln above {AppContext.BaseDirectory}.");
        }

        Run(
            "dotnet", "publish", Path.Combine(root.FullName, "src", "Api"), "-c", "Release", "--use-current-runtime", "--self-contained",
            "false", "-nodeReuse:false", "-o", folder);
        return Path.Combine(folder, "Fovea.Api.dll");
    }

    public static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed:\n{output}");
    }

    public void Dispose()
    {
        Client.Dispose();
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    // Reads the table of sockets, because refused connections would take processor time from the starting process; see proc_pid_net(5).
    private bool Listens() =>
        File.ReadLines("/proc/net/tcp").Any(line => line.Contains($":{Address.Port:X4} 00000000:0000 0A ", StringComparison.Ordinal));

    // An entry of the console log begins with its time and its level.
    [GeneratedRegex(@"^\S+ (fail|crit): ", RegexOptions.Multiline)]
    private static partial Regex ErrorEntry();

    private long Status(string field) => 1024 * long.Parse(
        File.ReadLines($"/proc/{process.Id}/status")
            .Single(line => line.StartsWith(field, StringComparison.Ordinal)).Split(':')[1]
            .Replace("kB", "", StringComparison.Ordinal).Trim(),
        System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A port that no program listens on at the moment.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
