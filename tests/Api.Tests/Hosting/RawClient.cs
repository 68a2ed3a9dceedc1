using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fovea.Api.Tests.Hosting;

/// <summary>A client that sends exactly the bytes that a test gives, over its own connection.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public static async Task<RawClient> Connect(Uri service, IPAddress? from = null)
    {
        var client = new RawClient();
        client.socket.Bind(new IPEndPoint(from ?? IPAddress.Loopback, 0));
        await client.socket.ConnectAsync(service.Host, service.Port);
        return client;
    }

    public static byte[] Head(string path, params string[] headers) =>
        Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: localhost\r\n{string.Concat(headers.Select(header => $"{header}\r\n"))}\r\n");

    public async Task Send(byte[] bytes) => await socket.SendAsync(bytes);

    /// <summary>Closes the sending side of the connection.</summary>
    public void EndSending() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the connection with a reset.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
    }

    /// <summary>Reads one whole answer, or everything until the service closes the connection.</summary>
    public async Task<string> Receive()
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        for (int read; !IsWhole($"{text}") && (read = await socket.ReceiveAsync(buffer)) > 0;)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return $"{text}";
    }

    public void Dispose() => socket.Dispose();

    private static bool IsWhole(string answer)
    {
        int end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return false;
        }

        var length = answer[..end]
            .Split("\r\n")
            .FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase));
        return length is null
            ? answer.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal)
            : answer.Length - end - 4 >= int.Parse(length.Split(' ')[1], null);
    }
}
