using System.Globalization;
using System.Text;

namespace Fovea.Api.Problems;

/// <summary>
/// A problem as gRPC answers it without a message: HTTP status 200 and headers with the status, the sentence and the code
/// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).
/// </summary>
internal static class GrpcError
{
    /// <summary>The metadata that holds the code of the problem, such as unknown_model.</summary>
    public const string Code = "error-code";

    /// <summary>The metadata that holds the milliseconds after which gRPC's clients may retry by themselves.</summary>
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

    /// <summary>The value of <see cref="Pushback"/>.</summary>
    public static string Milliseconds(TimeSpan wait) => Math.Ceiling(wait.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);

    // Percent-encodes the UTF-8 bytes that are not printable ASCII, and the percent sign; some clients decode no others.
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
