using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Fovea.Benchmarks.Serving;

/// <summary>
/// One client on one connection, which pauses after each answer. It has its own thread and socket, so that only the service is timed.
/// </summary>
internal static class LoneClient
{
    private const string LengthHeader = "Content-Length:";

    /// <summary>Returns the median time in milliseconds from sending a request to the last byte of its answer.</summary>
    public static double Median(Uri address, string path, byte[] body, int requests, TimeSpan pause)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(address.Host, address.Port);
        byte[] request =
        [
            .. Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\n{LengthHeader} {body.Length}\r\n\r\n"),
            .. body,
        ];
        byte[] answer = new byte[64 << 10];
        var times = new List<double>();
        for (int i = 0; i < requests; i++)
        {
            Thread.Sleep(pause);
            long start = Stopwatch.GetTimestamp();
            socket.Send(request);
            Receive(socket, answer);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        return times[times.Count / 2];
    }

    private static void Receive(Socket socket, byte[] answer)
    {
        for (int received = 0, end = int.MaxValue; received < end;)
        {
            int read = socket.Receive(answer.AsSpan(received));
            received += read > 0 ? read : throw new InvalidOperationException("The service closed the connection.");
            var head = Encoding.ASCII.GetString(answer, 0, received);
            if (head.IndexOf("\r\n\r\n", StringComparison.Ordinal) is var behind and >= 0)
            {
                if (!head.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
                {
                    throw new InvalidOperationException($"The answer was no success:\n{head}");
                }

                int length = head.IndexOf(LengthHeader, StringComparison.OrdinalIgnoreCase) + LengthHeader.Length;
                end = behind + 4 + int.Parse(head[length..head.IndexOf('\r', length)], CultureInfo.InvariantCulture);
            }
        }
    }
}
