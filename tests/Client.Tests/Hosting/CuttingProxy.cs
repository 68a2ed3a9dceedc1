using System.Net;
using System.Net.Sockets;

namespace Fovea.Client.Tests.Hosting;

/// <summary>
/// A proxy between a client and a service. It closes the connection of a stream in the middle of its second event, as many times as it is
/// told to, and passes everything else on.
/// </summary>
internal sealed class CuttingProxy : IDisposable
{
    private readonly Uri service;
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private int cutsLeft;

    public CuttingProxy(Uri service, int cuts)
    {
        (this.service, cutsLeft) = (service, cuts);
        listener.Start();
        _ = Accept();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    public int CutsLeft => Math.Max(0, Volatile.Read(ref cutsLeft));

    public void Dispose() => listener.Dispose();

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                _ = Serve(await listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // The proxy is disposed.
        }
    }

    private async Task Serve(TcpClient client)
    {
        using var from = client;
        using var to = new TcpClient();
        try
        {
            await to.ConnectAsync(service.Host, service.Port);
            await Task.WhenAny(from.GetStream().CopyToAsync(to.GetStream()), Answer(to.GetStream(), from.GetStream()));
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // One side has gone, and the other one is closed.
        }
    }

    // Passes bytes on, and returns at the id of the second event while cuts are left.
    private async Task Answer(NetworkStream from, NetworkStream to)
    {
        byte[] buffer = new byte[1 << 20];
        for (int passed = 0, read; (read = await from.ReadAsync(buffer.AsMemory(passed))) > 0; passed += read)
        {
            var seen = buffer.AsMemory(0, passed + read);
            int first = seen.Span.IndexOf(IdOfEvent), second = first < 0 ? -1 : seen.Span[(first + 1)..].IndexOf(IdOfEvent);
            if (second >= 0 && Interlocked.Decrement(ref cutsLeft) >= 0)
            {
                await to.WriteAsync(seen[passed..Math.Max(passed, first + second + 1 + IdOfEvent.Length)]);
                return;
            }

            await to.WriteAsync(seen[passed..]);
        }
    }

    private static ReadOnlySpan<byte> IdOfEvent => "id: "u8;
}
