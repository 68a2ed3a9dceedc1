namespace Fovea.Api;

/// <summary>What an API key may be used for.</summary>
internal enum KeyScope
{
    /// <summary>To classify, where that wants a key.</summary>
    Classify,

    /// <summary>To upload data sets, see them, and have models learn from them.</summary>
    Train,

    /// <summary>To change what models there are and which of them serve.</summary>
    Administer,
}
