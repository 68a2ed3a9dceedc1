using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>A PostgreSQL server of its own, on a free port of this machine. It can be stopped and started again.</summary>
internal sealed class Postgres : IDisposable
{
    // The server refuses to run as root, so it runs as the user nobody.
    private const string Nobody = "65534";

    private readonly TemporaryFolder folder = new();
    private readonly int port = FreePort();
    private readonly string settings;
    private bool isRunning;

    /// <param name="settings">Settings of the server, each as <c>-c name=value</c>.</param>
    public Postgres(string settings = "")
    {
        this.settings = settings;
        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", Nobody, folder.Path);
        }

        string[] options = ["--username", "fovea", "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C"];
        RunServer("initdb", ["--pgdata", Cluster, .. options]);
        Start();
    }

    private string Cluster => folder["cluster"];

    /// <summary>Returns the connection string of a database on the server.</summary>
    public string Connection(string database = "fovea") => $"Host=127.0.0.1;Port={port};Username=fovea;Database={database}";

    /// <summary>Starts the server, and waits until it answers.</summary>
    public void Start()
    {
        var options = $"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off {settings}";
        RunServer("pg_ctl", "--pgdata", Cluster, "--wait", "--log", folder["log"], "--options", options, "start");
        isRunning = true;
    }

    /// <summary>Stops the server as in a crash: connections break, and open transactions are undone.</summary>
    public void Stop()
    {
        RunServer("pg_ctl", "--pgdata", Cluster, "--mode", "immediate", "stop");
        isRunning = false;
    }

    public void Dispose()
    {
        if (isRunning)
        {
            Stop();
        }

        folder.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(version => $"{version}/bin")
            : [])
        .Select(bin => Path.Combine(bin, program)).FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException($"{program} is missing; expected PostgreSQL, which tests/run installs.");

    private static void Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
        }
    }

    private static void RunServer(string program, params string[] arguments)
    {
        if (Environment.IsPrivilegedProcess)
        {
            Run("setpriv", ["--reuid", Nobody, "--regid", Nobody, "--clear-groups", Find(program), .. arguments]);
        }
        else
        {
            Run(Find(program), arguments);
        }
    }
}
