using System.Globalization;
using System.Text;

namespace Fovea.Api.Problems;

/// <summary>
/// Answers a gRPC call with a problem: HTTP status 200, no message, and headers with the gRPC status, the sentence and the code
/// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
/// </summary>
internal static class GrpcError
{
    /// <summary>The name of the metadata with the code of the problem, such as unknown_model.</summary>
    public const string Code = "error-code";

    /// <summary>The name of the metadata with the milliseconds after which gRPC clients may retry by themselves.</summary>
    public const string Pushback = "grpc-retry-pushback-ms";

    private const string MediaType = "application/grpc";

    /// <summary>Whether a request is a gRPC call, whose errors have this form.</summary>
    public static bool Speaks(HttpRequest request) =>
        request.ContentType?.StartsWith(MediaType, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Answers a call with a problem.</summary>
    public static void Write(Problem problem, HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = MediaType;
        response.Headers.GrpcStatus = ((int)problem.GrpcStatus).ToString(CultureInfo.InvariantCulture);
        response.Headers.GrpcMessage = Encoded(problem.Detail);
        response.Headers[Code] = problem.Code;
    }

    /// <summary>Returns the value of the metadata <see cref="Pushback"/>.</summary>
    public static string Milliseconds(TimeSpan wait) => Math.Ceiling(wait.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    // Percent-encodes the percent sign and the UTF-8 bytes that are not printable ASCII. Other characters stay, because some clients do not
    // decode them.
    private static string Encoded(string sentence)
    {
        var encoded = new StringBuilder(sentence.Length);
        foreach (byte letter in Encoding.UTF8.GetBytes(sentence))
        {
            _ = letter is < (byte)' ' or > (byte)'~' or (byte)'%'
                ? encoded.Append(CultureInfo.InvariantCulture, $"%{letter:X2}")
                : encoded.Append((char)letter);
        }

        return encoded.ToString();
    }
}
