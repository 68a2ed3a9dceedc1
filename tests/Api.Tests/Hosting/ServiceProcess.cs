using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fovea.Api.Tests.Hosting;

/// <summary>The service as a separate process.</summary>
internal sealed class ServiceProcess : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();

    public ServiceProcess(IReadOnlyDictionary<string, string?> environment, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Fovea.Api.dll"), .. args])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public int Id => process.Id;

    /// <summary>The log of the process; complete after <see cref="Exit"/> has returned.</summary>
    public string Output
    {
        get
        {
            lock (output)
            {
                return $"{output}";
            }
        }
    }

    public void Terminate() => Send("TERM");

    /// <summary>Stops the process in the middle of its work, until <see cref="Continue"/>. Its child processes go on.</summary>
    public void Suspend() => Send("STOP");

    public void Continue() => Send("CONT");

    public async Task<(int Code, string Errors)> Exit()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        var errors = await process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, errors);
    }

    public void Kill()
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    public void Dispose()
    {
        Kill();
        process.Dispose();
    }

    private void Send(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    private void Add(string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
        }
    }
}
