using System.Diagnostics;

namespace Fovea.Benchmarks.Serving;

/// <summary>nginx before some services, with docker/nginx.conf; only the addresses are others.</summary>
internal sealed class Balancer : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("fovea-nginx-");
    private readonly Process process;

    public Balancer(IEnumerable<ServiceProcess> services)
    {
        int port = ServiceProcess.FreePort();
        Address = new Uri($"http://127.0.0.1:{port}");
        var lines = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "nginx.conf"))
            .Where(line => !line.Contains("server api-2:", StringComparison.Ordinal))
            .SelectMany(line => line.Contains("server api-1:", StringComparison.Ordinal)
                ? services.Select(service => line.Replace("api-1:8080", service.Address.Authority, StringComparison.Ordinal))
                : [line])
            .Select(line => line.Replace("listen 8080", $"listen 127.0.0.1:{port}", StringComparison.Ordinal))
            .Select(line => line.Replace("/tmp/", $"{folder.FullName}/", StringComparison.Ordinal));
        var configuration = Path.Combine(folder.FullName, "nginx.conf");
        File.WriteAllLines(configuration, lines);
        process = Process.Start("/usr/sbin/nginx", ["-c", configuration, "-e", "stderr", "-g", "daemon off; master_process off;"]);
    }

    /// <summary>The address for clients.</summary>
    public Uri Address { get; }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        folder.Delete(recursive: true);
    }
}
