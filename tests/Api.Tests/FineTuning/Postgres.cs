using System.Diagnostics;

namespace Fovea.Api.Tests;

/// <summary>A PostgreSQL server of the test's own, on a free port of this machine.</summary>
internal sealed class Postgres : IDisposable
{
    // The server refuses to run as root; nobody, then.
    private const string Nobody = "65534";

    private readonly TemporaryFolder folder = new();
    private readonly int port = ServiceProcess.FreePort();

    public Postgres()
    {
        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", Nobody, folder.Path);
        }

        RunServer("initdb", "--pgdata", Cluster, "--username", "fovea", "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C");
        RunServer("pg_ctl", "--pgdata", Cluster, "--wait", "--log", folder["log"], "--options", $"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off", "start");
    }

    private string Cluster => folder["cluster"];

    /// <summary>How to connect to a database of the server.</summary>
    public string Connection(string database = "fovea") => $"Host=127.0.0.1;Port={port};Username=fovea;Database={database}";

    public void Dispose()
    {
        RunServer("pg_ctl", "--pgdata", Cluster, "--mode", "immediate", "stop");
        folder.Dispose();
    }

    private static string Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").OrderDescending().Select(version => $"{version}/bin") : [])
        .Select(bin => Path.Combine(bin, program)).FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException($"{program} is not there; expected PostgreSQL, which tests/run installs.");

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, WorkingDirectory = "/" })!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
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
